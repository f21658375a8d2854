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
