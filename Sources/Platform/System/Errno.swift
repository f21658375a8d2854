import CPlatform

/// An error number of the kernel's, as errno(3) lists them.
public struct Errno: Error, Equatable, BitwiseCopyable, Describable {
  public let rawValue: Int32

  public init(_ rawValue: Int32) { self.rawValue = rawValue }

  /// What the last failed call of this thread left in errno.
  public static var current: Errno { Errno(cplatform_errno()) }

  /// Throws what a call of C's that failed left in errno; `result` is what it returned, 0 for success.
  static func check(_ result: Int32) throws(Errno) { guard result == 0 else { throw current } }

  /// The kernel's short text for it, such as "Operation not permitted". The corresponding C function is `strerror`.
  @inline(never)
  public func describe(to text: inout Text) { text.append(cString: strerror(rawValue)) }
}

extension Errno {
  public static var permission: Errno { Errno(EPERM) }
  public static var noEntry: Errno { Errno(ENOENT) }
  public static var io: Errno { Errno(EIO) }
  public static var noMemory: Errno { Errno(ENOMEM) }
  public static var interrupted: Errno { Errno(EINTR) }
  public static var wouldBlock: Errno { Errno(EWOULDBLOCK) }
  public static var busy: Errno { Errno(EBUSY) }
  public static var exists: Errno { Errno(EEXIST) }
  public static var notConnected: Errno { Errno(ENOTCONN) }
  public static var notSupported: Errno { Errno(EOPNOTSUPP) }
  public static var notSuitable: Errno { Errno(ENODEV) }
  public static var notTerminal: Errno { Errno(ENOTTY) }
  public static var notImplemented: Errno { Errno(ENOSYS) }
  public static var notDirectory: Errno { Errno(ENOTDIR) }
  public static var invalid: Errno { Errno(EINVAL) }
}
