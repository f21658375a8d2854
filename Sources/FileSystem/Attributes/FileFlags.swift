/// The flags of a file that lsattr(1) shows and chattr(1) sets: those that a tmpfs has, since 6.0 (`SHMEM_FL_USER_MODIFIABLE`,
/// mm/shmem.c).
public struct FileFlags: OptionSet, BitwiseCopyable, Sendable {
  /// The low byte of `FS_IMMUTABLE_FL` and so on (linux/fs.h): no other flag is in it, once a number is known to be one.
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Nothing of the file changes, and it keeps its names; nothing is added to a directory.
  public static var immutable: FileFlags { FileFlags(rawValue: 0x10) }
  /// Data is only added to a file; names are only added to a directory.
  public static var append: FileFlags { FileFlags(rawValue: 0x20) }
  /// For dump(8) alone.
  public static var noDump: FileFlags { FileFlags(rawValue: 0x40) }
  public static var noAccessTime: FileFlags { FileFlags(rawValue: 0x80) }

  /// The flags that keep a file's attributes and names from being changed.
  static var fixing: FileFlags { [.immutable, .append] }
  /// The flags that a new file inherits from its directory (`SHMEM_FL_INHERITED`).
  static var inherited: FileFlags { [.noDump, .noAccessTime] }

  /// FS_IOC_GETFLAGS and FS_IOC_SETFLAGS; any other flag is `unsupported`.
  public init(word: UInt32) throws(FileSystemError) {
    guard word & ~0xf0 == 0 else { throw .unsupported }
    rawValue = UInt8(word)
  }

  public var word: UInt32 { UInt32(rawValue) }

  /// The same for FS_IOC_FSGETXATTR and FS_IOC_FSSETXATTR, which number them in another way (FS_XFLAG_…).
  public init(extendedWord: UInt32) throws(FileSystemError) {
    guard extendedWord & ~0xd8 == 0 else { throw .unsupported }
    rawValue = UInt8(extendedWord & 0x18) << 1 | UInt8(extendedWord & 0x40) << 1 | UInt8(extendedWord & 0x80) >> 1
  }

  public var extendedWord: UInt32 { (word & 0x30) >> 1 | (word & 0x80) >> 1 | (word & 0x40) << 1 }
}
