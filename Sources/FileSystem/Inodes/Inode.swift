import CPlatform
import Platform

/// The number of an inode: FUSE's node id, and `st_ino`.
public struct InodeNumber: Equatable, BitwiseCopyable, Sendable {
  public let rawValue: UInt64

  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// FUSE_ROOT_ID (linux/fuse.h).
  public static var root: InodeNumber { InodeNumber(1) }

  init(handle: UInt32) { rawValue = UInt64(handle) }

  /// Its place in the inode table; 0, which is none, if the number can't be one.
  var handle: UInt32 { UInt32(exactly: rawValue) ?? 0 }
}

/// `st_mode`: the type of a file and its permission bits.
public struct FileMode: Equatable, BitwiseCopyable, Sendable {
  /// There are no more than 16.
  private let bits: UInt16

  public init(_ rawValue: UInt32) { bits = UInt16(truncatingIfNeeded: rawValue) }

  public var rawValue: UInt32 { UInt32(bits) }

  static var typeMask: UInt32 { UInt32(S_IFMT) }
  static var setUser: UInt32 { UInt32(S_ISUID) }
  static var setGroup: UInt32 { UInt32(S_ISGID) }
  static var groupExecute: UInt32 { 0o010 }
  static var directory: UInt32 { UInt32(S_IFDIR) }
  static var regular: UInt32 { UInt32(S_IFREG) }
  static var link: UInt32 { UInt32(S_IFLNK) }

  public var type: UInt32 { rawValue & Self.typeMask }
  public var permissions: UInt32 { rawValue & 0o7777 }
  public var isDirectory: Bool { type == Self.directory }
  public var isRegular: Bool { type == Self.regular }
  public var isLink: Bool { type == Self.link }
}

/// What the inode table keeps of a file.
struct Inode: BitwiseCopyable {
  var accessed: Time
  var modified: Time
  var changed: Time
  let born: Time
  /// Bytes of a file or of a symlink's target.
  var size: UInt64 = 0
  /// Frames that hold its data.
  var frames: UInt64 = 0
  /// References that the kernel holds, by lookups.
  var lookups: UInt64 = 0
  var mode: FileMode
  var flags: FileFlags
  var uid: UInt32
  var gid: UInt32
  var links: UInt32 = 0
  /// How often a regular file is open, by `OpenKind`.
  var cachedOpens: UInt32 = 0
  var directOpens: UInt32 = 0
  var device: UInt32 = 0
  /// Counts the uses of this place in the table.
  var generation: UInt32
  /// A directory's parent.
  var parent: UInt32 = 0
  /// A directory's entries.
  var entries: UInt32 = 0
  /// A symlink's target.
  var target = BlobHandle()
  /// The kernel's page cache may have old contents of it.
  var isCacheOld = false
  var hasAttributes = false
  /// See `noteUse(of:)`.
  var isDoomed = false
  /// Its frames have been taken from it.
  var isLost = false

  /// Nobody can reach it any more: it has no name, and the kernel, which refers to what is open, does not know it.
  var isUnreachable: Bool { links == 0 && lookups == 0 }
}

/// Who asks.
public struct Caller {
  public var uid: UInt32
  public var gid: UInt32
  public var umask: UInt32
  /// Its other groups. They cost a look into /proc, so they are asked for only where it matters.
  private let groups: () -> [UInt32]

  public init(uid: UInt32, gid: UInt32, umask: UInt32 = 0, groups: @escaping () -> [UInt32] = { [] }) {
    self.uid = uid
    self.gid = gid
    self.umask = umask
    self.groups = groups
  }

  public var isPrivileged: Bool { uid == 0 }

  func isMember(of group: UInt32) -> Bool { gid == group || groups().contains(group) }
}
