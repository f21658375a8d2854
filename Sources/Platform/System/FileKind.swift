import CPlatform

/// The kind of file at a path, to be asked for before its contents: opening a FIFO waits for the other end, and a device has no size.
public enum FileKind: BitwiseCopyable {
  case regular
  /// A file of /proc, which the kernel makes up.
  case kernel
  case directory
  case device
  /// A FIFO or a socket.
  case pipe

  /// `PROC_SUPER_MAGIC`, linux/magic.h
  private static var procMagic: Int { 0x9fa0 }

  /// The corresponding C functions are `stat` and `statfs`.
  public init(of path: Text) throws(Errno) {
    var status = stat()
    var system = statfs()
    guard path.withCString({ stat($0, &status) == 0 && statfs($0, &system) == 0 }) else { throw Errno.current }
    switch Int32(status.st_mode & UInt32(S_IFMT)) {
    case Int32(S_IFREG): self = Int(system.f_type) == Self.procMagic ? .kernel : .regular
    case Int32(S_IFDIR): self = .directory
    case Int32(S_IFCHR), Int32(S_IFBLK): self = .device
    default: self = .pipe
    }
  }

  public var name: Literal {
    switch self {
    case .regular: return "a file"
    case .kernel: return "a file of the kernel's"
    case .directory: return "a directory"
    case .device: return "a device"
    case .pipe: return "a FIFO or a socket"
    }
  }

  /// Whether it has contents of a known size.
  public var isFile: Bool { self == .regular || self == .kernel }
}
