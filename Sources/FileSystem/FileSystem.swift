import Frames
import Platform

/// A tmpfs whose file data lies in frames of a store. Names, attributes and extents are in this process, in memory that can
/// refuse to grow; no more is taken per file than its own.
///
/// One thread calls it. The kernel checks permissions (`default_permissions`); who may do what is not asked here.
public final class FileSystem<Store: FrameStore & ~Copyable> {
  public var store: Store
  public internal(set) var limits: MountLimits
  let budget: MemoryBudget
  let inodes: Slab<Inode>
  /// Extents: of an inode, by file block.
  let extents: OrderedMap
  /// Directory entries: of a directory, by the name's hash.
  let entries: OrderedMap
  /// Extended attributes: of an inode, by the name's hash.
  let attributes: OrderedMap
  let blobs: Blobs
  /// Frames that hold file data.
  var usedFrames: UInt64 = 0
  /// Of these, frames of doomed files, and how many of such files there are.
  var doomedFrames: UInt64 = 0
  var doomedInodes: UInt64 = 0
  /// The file that lost privileges in the request which is being answered: the kernel does not know unless the answer says so.
  public var changedUnseen: InodeNumber?
  /// Names of files beyond each file's first.
  var furtherLinks: UInt64 = 0
  private var lastGeneration: UInt32 = 0
  /// What was tried last of what failed for a frame's sake.
  public private(set) var lastAttempt: Attempt?
  /// The clock, which tests replace.
  let now: () -> Time

  /// The most records of a kind: what address space is reserved for.
  private static var mostRecords: Int { 1 << 24 }

  /// An empty file system with a root directory.
  public init(on store: consuming Store, limits: MountLimits, clock: @escaping () -> Time = Time.now) throws(FileSystemError) {
    self.store = store
    self.limits = limits
    now = clock
    budget = MemoryBudget(limit: limits.metadata)
    inodes = Slab(capacity: Self.mostRecords, budget: budget)
    extents = OrderedMap(nodes: Self.mostRecords, budget: budget)
    entries = OrderedMap(nodes: Self.mostRecords, budget: budget)
    attributes = OrderedMap(nodes: Self.mostRecords, budget: budget)
    blobs = Blobs(capacity: Self.mostRecords, budget: budget)
    try inodes.reserve(1)
    let mode = FileMode(FileMode.directory | limits.rootMode & 0o7777)
    let root = addInode(mode: mode, uid: limits.uid, gid: limits.gid)
    precondition(root == InodeNumber.root.handle)
    inodes[root].links = 2
    inodes[root].lookups = 1
    inodes[root].parent = root
  }

  // MARK: Inodes

  /// The place of a live inode in the table.
  func live(_ number: InodeNumber) throws(FileSystemError) -> UInt32 {
    let handle = number.handle
    guard inodes.contains(handle), !inodes[handle].isUnreachable else { throw .stale }
    return handle
  }

  /// The same, of a directory.
  func directory(_ number: InodeNumber) throws(FileSystemError) -> UInt32 {
    let handle = try live(number)
    guard inodes[handle].mode.isDirectory else { throw .notDirectory }
    return handle
  }

  /// The same, of one that has not been removed: what it says of its parent is true.
  func namedDirectory(_ number: InodeNumber) throws(FileSystemError) -> UInt32 {
    let handle = try directory(number)
    guard inodes[handle].links > 0 else { throw .noEntry }
    return handle
  }

  /// Makes sure that an inode can be added.
  func reserveInode() throws(FileSystemError) {
    try checkInodeLimit()
    try inodes.reserve(1)
  }

  /// Adds an inode, for which there is room.
  func addInode(mode: FileMode, uid: UInt32, gid: UInt32, flags: FileFlags = []) -> UInt32 {
    let time = now()
    lastGeneration &+= 1
    return inodes.add(
      Inode(accessed: time, modified: time, changed: time, born: time, mode: mode, flags: flags, uid: uid, gid: gid, generation: lastGeneration))
  }

  /// Frees an inode and all that is its own, once nobody can reach it.
  func dropIfUnreachable(_ handle: UInt32) {
    guard inodes[handle].isUnreachable else { return }
    releaseBlocks(of: handle, 0..<UInt64.max)
    removeAttributes(of: handle)
    blobs.remove(inodes[handle].target)
    inodes[handle].target = BlobHandle()
    if inodes[handle].isDoomed { doomedInodes -= 1 }
    inodes[handle].isDoomed = false
    inodes.remove(handle)
  }

  /// Takes back references that the kernel held.
  public func forget(_ number: InodeNumber, count: UInt64) {
    let handle = number.handle
    guard number != .root, inodes.contains(handle), inodes[handle].lookups > 0 else { return }
    inodes[handle].lookups -= min(count, inodes[handle].lookups)
    dropIfUnreachable(handle)
  }

  /// What stat(2) tells of a live inode.
  public func attributes(of number: InodeNumber) throws(FileSystemError) -> Attributes { describe(try live(number)) }

  func describe(_ handle: UInt32) -> Attributes {
    let mode = inodes[handle].mode
    return Attributes(
      inode: InodeNumber(handle: handle), generation: UInt64(inodes[handle].generation), mode: mode,
      links: inodes[handle].links, uid: inodes[handle].uid, gid: inodes[handle].gid, device: inodes[handle].device,
      size: mode.isDirectory ? (UInt64(inodes[handle].entries) + 2) * 20 : inodes[handle].size,
      blocks: inodes[handle].frames * 8, accessed: inodes[handle].accessed, modified: inodes[handle].modified,
      changed: inodes[handle].changed, born: inodes[handle].born)
  }

  /// Tells the kernel of an inode, which from now on it has one more reference to.
  func entry(_ handle: UInt32) -> Entry {
    inodes[handle].lookups += 1
    return Entry(attributes: describe(handle))
  }

  // MARK: The whole

  /// Changes the limits. What is there stays, even if it is more than they allow.
  public func setLimits(size: UInt64?, inodes: UInt64?) {
    limits.size = size
    limits.inodes = inodes
  }

  /// Whether what is in use is within limits; nil is none.
  public func isWithin(size: UInt64?, inodes: UInt64?) -> Bool {
    usedFrames - doomedFrames <= size.map(frames(of:)) ?? UInt64.max && usedInodes <= inodes ?? UInt64.max
  }

  /// Changes when reading changes access times.
  public func setAccessTimes(_ times: AccessTimes) { limits.accessTimes = times }
  /// Each read changes the time of access (strictatime), so that none should be answered by the kernel's cache.
  public var countsEachRead: Bool { limits.accessTimes.isStrict }

  /// The most frames that file data may take now.
  var frameLimit: UInt64 {
    guard let size = limits.size else { return store.totalFrames }
    return min(store.totalFrames, frames(of: size))
  }

  /// Frames that the limit still lets be taken; the store may have fewer.
  var allowedFrames: UInt64 {
    guard limits.size != nil else { return UInt64.max }
    return frameLimit - min(frameLimit, usedFrames - doomedFrames)
  }

  /// Frames that can still be taken.
  var availableFrames: UInt64 {
    min(store.freeFrames + doomedFrames, frameLimit - min(frameLimit, usedFrames - doomedFrames))
  }

  public var statistics: Statistics {
    let used = usedInodes
    // Without a limit, what the metadata's memory is enough for when each file has one extent.
    let most = max(used, limits.inodes ?? UInt64(budget.limit) / 256)
    return Statistics(blocks: frameLimit, freeBlocks: availableFrames, inodes: most, freeInodes: most - used)
  }

  /// Bytes that metadata takes.
  public var metadataBytes: Int { budget.used }

  /// Runs what the store throws errors in, for blocks of a file that lie in frames from `first` on.
  func storing<Result>(
    _ operation: Literal, _ handle: UInt32, _ block: UInt64, in first: FrameNumber, _ body: (inout Store) throws(StoreError) -> Result
  ) throws(FileSystemError) -> Result {
    do throws(StoreError) { return try body(&store) } catch {
      switch error {
      case .damaged(let frame), .inaccessible(let frame, _):
        let failed = block &+ (frame.rawValue &- first.rawValue)
        lastAttempt = Attempt(inode: InodeNumber(handle: handle), offset: failed &* Self.blockSize, operation: operation)
      case .noSpace, .noMemory: break
      }
      throw FileSystemError(error)
    }
  }
}

/// Frames that so many bytes take.
private func frames(of bytes: UInt64) -> UInt64 { bytes / UInt64(frameSize) + (bytes % UInt64(frameSize) > 0 ? 1 : 0) }
