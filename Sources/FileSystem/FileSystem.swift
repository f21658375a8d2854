import Frames
import Platform

/// A tmpfs whose file data lies in frames of a store. Names, attributes and extents are in this process, in memory that can
/// refuse to grow; no more is taken per file than its own.
///
/// One thread calls it. The kernel checks permissions (`default_permissions`), so they are not checked here.
public final class FileSystem<Store: FrameStore & ~Copyable> {
  public var store: Store
  /// The most bytes of file data; nil for all that the store has.
  var sizeLimit: UInt64?
  /// When reading changes access times.
  private(set) var accessTimes: AccessTimes
  let budget: MemoryBudget
  let inodes: InodeTable
  let extents: ExtentTable
  /// Directory entries.
  let entries: NameTable
  /// Extended attributes.
  let attributes: NameTable
  let blobs: Blobs
  /// The file whose attributes the current request changed by the way: the kernel must be told, for its answer says nothing of them.
  public var changedUnseen: InodeNumber?
  /// The last operation on file data that failed for a frame's sake.
  public internal(set) var lastAttempt: Attempt?
  /// Where `scrubNext` goes on.
  var scrubPlace = MapKey(owner: 0, position: 0)
  /// How often it has been through all files.
  public internal(set) var scrubs: UInt64 = 0
  /// The clock, which tests replace.
  let now: () -> Time

  /// The most records of a kind: address space is reserved for so many.
  private static var mostRecords: Int { 1 << 24 }

  /// An empty file system with a root directory.
  public init(on store: consuming Store, limits: MountLimits, clock: @escaping () -> Time = Time.now) throws(FileSystemError) {
    self.store = store
    sizeLimit = limits.size
    accessTimes = limits.accessTimes
    now = clock
    budget = MemoryBudget(limit: limits.metadata)
    inodes = InodeTable(capacity: Self.mostRecords, budget: budget, limit: limits.inodes)
    extents = ExtentTable(capacity: Self.mostRecords, budget: budget)
    blobs = Blobs(capacity: Self.mostRecords, budget: budget)
    entries = NameTable(capacity: Self.mostRecords, budget: budget, blobs: blobs, hashSeed: limits.hashSeed)
    attributes = NameTable(capacity: Self.mostRecords, budget: budget, blobs: blobs, hashSeed: limits.hashSeed)
    try inodes.addRoot(mode: limits.rootMode, uid: limits.uid, gid: limits.gid, at: clock())
  }

  /// The most inodes; nil for as many as the metadata's memory allows.
  public var inodeLimit: UInt64? { inodes.limit }

  /// Changes when reading changes access times.
  public func setAccessTimes(_ times: AccessTimes) { accessTimes = times }
  /// Each read changes the time of access (strictatime), so none should be answered by the kernel's cache.
  public var countsEachRead: Bool { accessTimes.isStrict }

  /// Bytes that metadata takes.
  public var metadataBytes: Int { budget.used }
}
