import Platform

/// What the table keeps of a file. Only the table changes who refers to an inode and how many frames it has.
struct Inode: BitwiseCopyable {
  var accessed: Time
  var modified: Time
  var changed: Time
  let born: Time
  /// Bytes of a file or of a symlink's target.
  var size: UInt64 = 0
  /// Frames that hold its data.
  fileprivate(set) var frames: UInt64 = 0
  /// Lookups that the kernel has not forgotten (FUSE_FORGET).
  fileprivate(set) var lookups: UInt64 = 0
  var mode: FileMode
  var flags: FileFlags
  var uid: UInt32
  var gid: UInt32
  fileprivate(set) var links: UInt32 = 0
  /// Opens of a regular file that go through the kernel's page cache, and those that bypass it.
  fileprivate(set) var cachedOpens: UInt32 = 0
  fileprivate(set) var directOpens: UInt32 = 0
  var device: UInt32 = 0
  /// Differs from that of every earlier inode with the same number.
  let generation: UInt32
  /// A directory's parent.
  fileprivate(set) var parent: UInt32 = 0
  /// A directory's entries.
  var entries: UInt32 = 0
  /// A symlink's target.
  var target = BlobHandle()
  /// The kernel's page cache may hold old contents of the file.
  var isCacheOld = false
  var hasAttributes = false
  fileprivate(set) var isOrphan = false
  /// Its frames were taken from it while it was an orphan.
  var isLost = false

  /// Nothing leads to it any more: it has no link, and the kernel has forgotten it. (Whatever is open, the kernel knows.)
  var isUnreachable: Bool { links == 0 && lookups == 0 }
}

/// The inodes, what refers to each (links, lookups, opens), and how many there are.
///
/// `unlink` and `forget` tell when the last reference has gone; the caller then frees what the inode has elsewhere, and `remove`s it.
///
/// An *orphan* has no link and is not open, but the kernel has not forgotten it: FUSE_FORGET comes a little after the unlink(2) or
/// close(2). Orphans and their frames count as free. A descriptor that is not open (O_PATH) may still lead to an orphan; it can be
/// opened again for as long as its frames were not needed, and is stale from then on.
final class InodeTable {
  private let slab: Slab<Inode>
  /// The most inodes (`nr_inodes`); nil for as many as the metadata's memory allows.
  var limit: UInt64?
  /// Frames of all inodes but orphans.
  private(set) var usedFrames: UInt64 = 0
  private(set) var orphanFrames: UInt64 = 0
  private(set) var orphans: UInt64 = 0
  /// Links of files beyond each file's first.
  private(set) var furtherLinks: UInt64 = 0
  private var lastGeneration: UInt32 = 0

  init(capacity: Int, budget: MemoryBudget, limit: UInt64?) {
    slab = Slab(capacity: capacity, budget: budget)
    self.limit = limit
  }

  /// Memory safety: no pointer leaves an access.
  subscript(handle: UInt32) -> Inode {
    unsafeAddress { UnsafePointer(slab.memory[handle].assumingMemoryBound(to: Inode.self)) }
    unsafeMutableAddress { slab.memory[handle].assumingMemoryBound(to: Inode.self) }
  }

  /// Whether a number from outside is that of an inode in use.
  func contains(_ handle: UInt32) -> Bool { slab.contains(handle) && !self[handle].isUnreachable }

  // MARK: Adding and removing

  /// Inodes in use as tmpfs counts them: each link of a file but its first counts as one (`shmem_link`, mm/shmem.c).
  var used: UInt64 { UInt64(slab.count) - orphans + furtherLinks }

  /// Makes sure that `limit` allows one more.
  func checkLimit() throws(FileSystemError) {
    if let limit, used >= limit { throw .noSpace }
  }

  /// Makes sure that an inode can be added.
  func reserve() throws(FileSystemError) {
    try checkLimit()
    try slab.reserve(1)
  }

  /// Adds an inode, after `reserve`. It has no link and no lookup yet: one of them must follow.
  func add(mode: FileMode, uid: UInt32, gid: UInt32, flags: FileFlags = [], at time: Time) -> UInt32 {
    lastGeneration &+= 1
    return slab.add(
      Inode(
        accessed: time, modified: time, changed: time, born: time, mode: mode, flags: flags, uid: uid, gid: gid, generation: lastGeneration)
    )
  }

  /// Adds the root, which is the first inode. It is never unreachable.
  func addRoot(mode: UInt32, uid: UInt32, gid: UInt32, at time: Time) throws(FileSystemError) {
    try slab.reserve(1)
    let root = add(mode: FileMode(FileMode.directory | mode & 0o7777), uid: uid, gid: gid, at: time)
    precondition(root == InodeNumber.root.handle)
    self[root].links = 2
    self[root].parent = root
  }

  /// Removes an unreachable inode that has no frames any more; its number may be used again.
  func remove(_ handle: UInt32) {
    precondition(self[handle].isUnreachable && self[handle].frames == 0)
    // The slab keeps what is freed, and `forEachOrphanWithFrames` looks at all of it.
    if self[handle].isOrphan { orphans -= 1 }
    self[handle].isOrphan = false
    slab.remove(handle)
  }

  // MARK: Links

  /// Follows a new entry of `directory` for an inode.
  func link(_ handle: UInt32, in directory: UInt32) {
    if self[handle].mode.isDirectory {
      self[handle].links = 2
      self[handle].parent = directory
      self[directory].links += 1
    } else {
      if self[handle].links > 0 { furtherLinks += 1 }
      self[handle].links += 1
    }
    noteUse(of: handle)
  }

  /// Follows the removal of an inode's entry from `directory`. Returns whether the inode is unreachable now.
  func unlink(_ handle: UInt32, from directory: UInt32) -> Bool {
    if self[handle].mode.isDirectory {
      self[handle].links = 0
      self[directory].links -= 1
    } else {
      if self[handle].links > 1 { furtherLinks -= 1 }
      self[handle].links -= 1
    }
    noteUse(of: handle)
    return self[handle].isUnreachable
  }

  /// Follows the move of an inode's entry to another directory.
  func move(_ handle: UInt32, from source: UInt32, to target: UInt32) {
    guard self[handle].mode.isDirectory else { return }
    self[source].links -= 1
    self[target].links += 1
    self[handle].parent = target
  }

  // MARK: Lookups

  /// Counts a lookup that the kernel is told of.
  func lookUp(_ handle: UInt32) { self[handle].lookups += 1 }

  /// Takes lookups back. Returns whether the inode is unreachable now.
  func forget(_ handle: UInt32, count: UInt64) -> Bool {
    self[handle].lookups -= min(count, self[handle].lookups)
    return self[handle].isUnreachable
  }

  // MARK: Opens

  func open(_ handle: UInt32, isDirect: Bool) {
    if isDirect { self[handle].directOpens += 1 } else { self[handle].cachedOpens += 1 }
    noteUse(of: handle)
  }

  func close(_ handle: UInt32, isDirect: Bool) {
    if isDirect {
      if self[handle].directOpens > 0 { self[handle].directOpens -= 1 }
    } else {
      if self[handle].cachedOpens > 0 { self[handle].cachedOpens -= 1 }
    }
    noteUse(of: handle)
  }

  // MARK: Orphans and frames

  /// Follows a change of an inode's links or opens.
  private func noteUse(of handle: UInt32) {
    let isOrphan = self[handle].links == 0 && self[handle].cachedOpens == 0 && self[handle].directOpens == 0
    guard isOrphan != self[handle].isOrphan else { return }
    let frames = self[handle].frames
    self[handle].isOrphan = isOrphan
    if isOrphan {
      orphans += 1
      orphanFrames += frames
      usedFrames -= frames
    } else {
      orphans -= 1
      orphanFrames -= frames
      usedFrames += frames
    }
  }

  func addFrames(_ count: Int, to handle: UInt32) {
    self[handle].frames += UInt64(count)
    if self[handle].isOrphan { orphanFrames += UInt64(count) } else { usedFrames += UInt64(count) }
  }

  func removeFrames(_ count: Int, from handle: UInt32) {
    self[handle].frames -= UInt64(count)
    if self[handle].isOrphan { orphanFrames -= UInt64(count) } else { usedFrames -= UInt64(count) }
  }

  /// Calls `body` for each orphan that has frames, which it may remove.
  func forEachOrphanWithFrames(_ body: (UInt32) -> Void) {
    for handle in slab.handles where self[handle].isOrphan && self[handle].frames > 0 { body(handle) }
  }

  // MARK: For tests

  var count: Int { slab.count }
  /// Handles that have been in use at some time.
  var handles: Range<UInt32> { slab.handles }
  /// Inodes that can be added without taking memory.
  var room: Int { slab.room }
  var committedBytes: Int { slab.committedBytes }
}
