import Platform

/// How the kernel reads and writes through an open file.
public enum OpenKind: UInt64, Sendable {
  /// Through its page cache, whose contents from an earlier open are good.
  case cached = 0
  /// Through its page cache, whose contents from an earlier open must be dropped.
  case cachedAnew = 1
  /// Without its cache: each read and write is a request.
  case direct = 2
}

/// What a file is opened for.
public struct OpenAccess: OptionSet, BitwiseCopyable, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static var writing: OpenAccess { OpenAccess(rawValue: 1) }
  /// All that is written goes to the end (O_APPEND).
  public static var appending: OpenAccess { OpenAccess(rawValue: 2) }
  /// It becomes empty (O_TRUNC).
  public static var truncating: OpenAccess { OpenAccess(rawValue: 4) }
  /// By the kernel itself, to ask for flags: it makes no use of the answer, so its cache stays as it is.
  public static var asking: OpenAccess { OpenAccess(rawValue: 8) }
}

/// Opening: streams bypass the kernel's page cache, everything else goes through it.
///
/// Before Linux 6.6 a write that bypasses the cache leaves old bytes in it (`fuse_direct_io`, fs/fuse/file.c), so there all opens of a
/// file share the first open's kind: a file that somebody only writes can't be mapped shared by another (ENODEV). On every kernel a
/// cached open that follows direct writes starts with an empty cache.
extension FileSystem where Store: ~Copyable {
  /// Opens a file.
  ///
  /// - Parameters:
  ///   - isStream: the caller only writes, and a cache is of no use to it; or it must read without one.
  ///   - mixing: the kernel keeps its cache in step with reads and writes that bypass it.
  public func open(
    _ number: InodeNumber, for access: OpenAccess = [], isStream: Bool, mixing: Bool = false, by caller: Caller
  ) throws(FileSystemError) -> OpenKind {
    let handle = try live(number)
    guard !inodes[handle].isLost else { throw .stale }
    try checkOpen(handle, for: access)
    if access.contains(.truncating) {
      var change = AttributeChange()
      change.size = 0
      _ = try setAttributes(of: number, to: change, by: caller, isOpen: true)
    }
    guard inodes[handle].mode.isRegular else { return .cached }
    let isDirect = mixing ? isStream : inodes[handle].directOpens > 0 || (isStream && inodes[handle].cachedOpens == 0)
    inodes.open(handle, isDirect: isDirect)
    if isDirect {
      inodes[handle].isCacheOld = true
      return .direct
    }
    // Reads that the kernel's cache answers are not known here.
    guard inodes[handle].isCacheOld || countsEachRead else { return .cached }
    if !access.contains(.asking) { inodes[handle].isCacheOld = false }
    return .cachedAnew
  }

  /// Closes what was opened as `kind`.
  public func close(_ number: InodeNumber, _ kind: OpenKind) {
    let handle = number.handle
    guard inodes.contains(handle), inodes[handle].mode.isRegular else { return }
    inodes.close(handle, isDirect: kind == .direct)
  }
}
