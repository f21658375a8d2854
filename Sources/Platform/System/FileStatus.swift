import CPlatform

/// The kinds of files, as the upper bits of a mode have them (inode(7)).
public enum FileType: UInt32 {
  case fifo = 0o010000
  case characterDevice = 0o020000
  case directory = 0o040000
  case blockDevice = 0o060000
  case regular = 0o100000
  case symlink = 0o120000
  case socket = 0o140000

  /// nil for a mode of no known kind.
  public init?(mode: UInt32) { self.init(rawValue: mode & 0o170000) }
}

/// What the kernel tells of a file (inode(7)).
public struct FileStatus {
  private let status: stat

  /// Of the file itself, also where it is a symlink. The corresponding C function is `lstat`.
  public init(of path: Text) throws(Errno) {
    var status = stat()
    try Errno.check(path.withCString { lstat($0, &status) })
    self.status = status
  }

  /// The corresponding C function is `fstat`.
  public init(of file: borrowing FileDescriptor) throws(Errno) {
    var status = stat()
    try Errno.check(fstat(file.rawValue, &status))
    self.status = status
  }

  /// Of what a path below an open directory leads to. The corresponding C function is `fstatat`.
  public init(of path: Text, below directory: borrowing FileDescriptor) throws(Errno) {
    let number = directory.rawValue
    var status = stat()
    try Errno.check(path.withCString { fstatat(number, $0, &status, 0) })
    self.status = status
  }

  public var type: FileType? { FileType(mode: status.st_mode) }
  public var size: Int64 { Int64(status.st_size) }
  public var modified: Time { Time(status.st_mtim) }
  /// How many names it has.
  public var links: UInt64 { UInt64(status.st_nlink) }
  public var inode: UInt64 { UInt64(status.st_ino) }
  /// Of a device node, the device.
  public var device: DeviceNumber { DeviceNumber(rawValue: UInt64(status.st_rdev)) }

  public var attributes: FileAttributes {
    FileAttributes(
      mode: status.st_mode, owner: status.st_uid, group: status.st_gid, accessed: Time(status.st_atim), modified: modified)
  }

  /// Whether both are of the same file.
  public func isSameFile(as other: FileStatus) -> Bool { isOnSameFileSystem(as: other) && inode == other.inode }

  /// Whether both files are on the same file system.
  public func isOnSameFileSystem(as other: FileStatus) -> Bool { status.st_dev == other.status.st_dev }
}

/// What can be set of any file.
public struct FileAttributes {
  /// With the file's kind in its upper bits.
  public var mode: UInt32
  public var owner: UInt32
  public var group: UInt32
  public var accessed: Time
  public var modified: Time

  public init(mode: UInt32, owner: UInt32, group: UInt32, accessed: Time, modified: Time) {
    self.mode = mode
    self.owner = owner
    self.group = group
    self.accessed = accessed
    self.modified = modified
  }
}

/// The number of a device, as device nodes have it.
public struct DeviceNumber: Equatable, BitwiseCopyable, Sendable {
  /// As userspace has it: the kernel's own is another.
  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The corresponding C function is `makedev`.
  public init(major: UInt32, minor: UInt32) { rawValue = UInt64(gnu_dev_makedev(major, minor)) }

  /// Reads 'MAJOR:MINOR', as sysfs has it; nil for anything else.
  public init?(_ text: Text) {
    let numbers = text.split(UInt8(ascii: ":"))
    guard numbers.count == 2, let major = numbers[0].number(), let minor = numbers[1].number(), major <= UInt32.max, minor <= UInt32.max
    else { return nil }
    self.init(major: UInt32(major), minor: UInt32(minor))
  }

  /// The corresponding C functions are `major` and `minor`.
  public var major: UInt32 { gnu_dev_major(dev_t(rawValue)) }
  public var minor: UInt32 { gnu_dev_minor(dev_t(rawValue)) }
}
