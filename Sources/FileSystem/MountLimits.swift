import Platform

/// The limits and the root of a file system, as tmpfs's options set them.
public struct MountLimits: Sendable {
  /// The most bytes of file data; nil for all that the store has.
  public var size: UInt64?
  /// The most inodes; nil for as many as the metadata's memory allows.
  public var inodes: UInt64?
  /// The most bytes of metadata.
  public var metadata: Int = 256 << 20
  public var rootMode: UInt32 = 0o1777
  public var uid: UInt32 = 0
  public var gid: UInt32 = 0
  public var accessTimes = AccessTimes.relative
  /// Makes the order of directories unforeseeable.
  public var hashSeed: UInt64 = 0

  public init() {}
}

/// What statfs(2) tells.
public struct Statistics: Equatable, Sendable {
  /// In frames.
  public let blocks: UInt64
  public let freeBlocks: UInt64
  public let inodes: UInt64
  public let freeInodes: UInt64
}
