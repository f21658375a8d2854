import Frames
import Platform

/// The frames of files: how many may be taken, where they come from when none is left, and giving them back.
extension FileSystem where Store: ~Copyable {
  // MARK: How many

  /// The most frames that files may have now.
  private var frameLimit: UInt64 {
    guard let sizeLimit else { return store.totalFrames }
    return min(store.totalFrames, sizeLimit.blocks)
  }

  private var framesBelowLimit: UInt64 { frameLimit - min(frameLimit, inodes.usedFrames) }

  public var statistics: Statistics {
    let used = inodes.used
    // Without a limit, as many as the metadata's memory holds when each file has one extent.
    let most = max(used, inodes.limit ?? UInt64(budget.limit) / 256)
    return Statistics(
      blocks: frameLimit, freeBlocks: min(store.freeFrames + inodes.orphanFrames, framesBelowLimit), inodes: most, freeInodes: most - used)
  }

  /// Changes the limits; nil is none. What is there stays, even if it is more than they allow.
  public func setLimits(size: UInt64?, inodes: UInt64?) {
    sizeLimit = size
    self.inodes.limit = inodes
  }

  /// Whether what is in use is within limits; nil is none.
  public func isWithin(size: UInt64?, inodes: UInt64?) -> Bool {
    self.inodes.usedFrames <= size?.blocks ?? UInt64.max && self.inodes.used <= inodes ?? UInt64.max
  }

  /// Makes sure that so many frames may be had at all.
  func checkFrameLimit(_ count: UInt64) throws(FileSystemError) {
    guard count <= frameLimit else { throw .noSpace }
  }

  // MARK: Taking and giving back

  /// Takes frames for blocks from `block` on, none of which has one: at least 1 and at most `count`, after those of `before` if that
  /// is possible. They belong to no file until `add`.
  func takeFrames(upTo count: UInt64, after before: Extent?) throws(FileSystemError) -> FrameRun {
    // Without a limit the store alone knows: what it counts as free and as its own may change.
    let allowed = sizeLimit == nil ? UInt64.max : framesBelowLimit
    guard allowed > 0 else { throw .noSpace }
    let most = Int(min(count, allowed, UInt64(Extent.mostBlocks)))
    let neighbour = before.map { $0.frame + ($0.count - 1) }
    do throws(FileSystemError) { return try allocate(most, neighbour) } catch {
      // The store may count frames as free that turn out to be unusable; those of orphans are there for sure.
      guard inodes.orphanFrames > 0 else { throw error }
      takeOrphanFrames()
      return try allocate(most, neighbour)
    }
  }

  private func allocate(_ count: Int, _ neighbour: FrameNumber?) throws(FileSystemError) -> FrameRun {
    do throws(StoreError) { return try store.allocate(upTo: count, after: neighbour) } catch { throw FileSystemError(error) }
  }

  private func takeOrphanFrames() {
    inodes.forEachOrphanWithFrames { handle in
      releaseBlocks(of: handle, 0..<UInt64.max)
      inodes[handle].isLost = true
    }
  }

  /// Makes frames that were taken blocks of a file, between its extents `before` and `next`, where there are any. Returns the extent
  /// that they are a part of now. `extents.reserve` comes first.
  @discardableResult
  func add(_ extent: Extent, to handle: UInt32, after before: Extent?, before next: Extent?) -> Extent {
    inodes.addFrames(extent.count, to: handle)
    guard inodes[handle].isLost else { return extents.insert(extent, into: handle, after: before, before: next) }
    // The file is an orphan, and may have lost its own extents to this very request. (Linux asks nothing of a file's data without an open,
    // with which it would be no orphan.)
    return extents.insert(
      extent, into: handle, after: extents.extent(of: handle, before: extent.block), before: extents.extent(of: handle, at: extent.end))
  }

  /// Gives the frames of a range of blocks back. `extents.reserve` comes first, unless the range has all of the blocks from
  /// some block on.
  ///
  /// - Parameter onlyReserved: leaves written blocks as they are.
  func releaseBlocks(of handle: UInt32, _ range: Range<UInt64>, onlyReserved: Bool = false) {
    var block = range.lowerBound
    while block < range.upperBound, let extent = extents.firstExtent(of: handle, from: block), extent.block < range.upperBound {
      let part = extent.blocks.clamped(to: range)
      block = part.upperBound
      if onlyReserved, !extent.isReserved { continue }
      extents.cut(part, from: extent, of: handle)
      let run = extent.part(part).run
      inodes.removeFrames(run.count, from: handle)
      store.release(run)
    }
  }

  // MARK: Using

  /// Runs what the store throws errors in, for blocks of a file that lie in frames from `first` on.
  func storing<Result>(
    _ operation: Literal, _ handle: UInt32, _ block: UInt64, in first: FrameNumber, _ body: (inout Store) throws(StoreError) -> Result
  ) throws(FileSystemError) -> Result {
    do throws(StoreError) { return try body(&store) } catch {
      switch error {
      case .damaged(let frame), .inaccessible(let frame, _):
        let failed = block &+ (frame.rawValue &- first.rawValue)
        lastAttempt = Attempt(inode: InodeNumber(handle: handle), offset: failed &* UInt64(frameSize), operation: operation)
      case .noSpace, .noMemory: break
      }
      throw FileSystemError(error)
    }
  }
}
