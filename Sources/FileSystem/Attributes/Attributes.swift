import CPlatform
import Platform

/// What stat(2) tells of a file.
public struct Attributes: BitwiseCopyable, Sendable {
  public let inode: InodeNumber
  public let generation: UInt64
  public let mode: FileMode
  public let links: UInt32
  public let uid: UInt32
  public let gid: UInt32
  public let device: UInt32
  /// In bytes; of a directory, 20 for each entry and for '.' and '..', as in tmpfs (`BOGO_DIRENT_SIZE`, mm/shmem.c).
  public let size: UInt64
  /// In units of 512 bytes.
  public let blocks: UInt64
  public let accessed: Time
  public let modified: Time
  public let changed: Time
  /// When it was made.
  public let born: Time
}

/// What setattr is to change; nil leaves it.
public struct AttributeChange: BitwiseCopyable, Sendable {
  public enum NewTime: BitwiseCopyable, Sendable {
    case now
    case time(Time)
  }

  public var permissions: UInt32?
  public var uid: UInt32?
  public var gid: UInt32?
  public var size: UInt64?
  public var accessed: NewTime?
  public var modified: NewTime?

  public init() {}

  /// Whether it is the change of times that whoever may write to the file may make (utime(2) with no times).
  var isTouch: Bool {
    if case .now = accessed, case .now = modified { return true }
    return false
  }

  var changesMoreThanSize: Bool { permissions != nil || uid != nil || gid != nil || accessed != nil || modified != nil }
}

/// What a lookup found, or a creation made.
public struct Entry: BitwiseCopyable, Sendable {
  public let attributes: Attributes
}
