import Frames

/// The blocks of files: which extents a file has, and taking frames for them and giving them back.
extension FileSystem where Store: ~Copyable {
  /// The extent that holds a block.
  func extent(of handle: UInt32, at block: UInt64) -> Extent? {
    guard let extent = lastExtent(of: handle, upTo: block), extent.blocks.contains(block) else { return nil }
    return extent
  }

  /// The last extent that begins at or before a block.
  private func lastExtent(of handle: UInt32, upTo block: UInt64) -> Extent? {
    guard let entry = extents.last(upTo: MapKey(owner: handle, position: block)), entry.key.owner == handle else { return nil }
    return Extent(entry)
  }

  /// The first extent that ends after a block.
  func firstExtent(of handle: UInt32, from block: UInt64) -> Extent? {
    if let extent = extent(of: handle, at: block) { return extent }
    guard let entry = extents.first(from: MapKey(owner: handle, position: block)), entry.key.owner == handle else { return nil }
    return Extent(entry)
  }

  /// Makes sure that the extents of one step can be changed: it adds at most two.
  func reserveExtents() throws(FileSystemError) { try extents.reserve(2) }

  // MARK: Taking and giving back

  /// Takes frames for blocks from `block` on, none of which has one: at least 1 and at most `count`, after those of `before` if that
  /// is possible. `reserveExtents` comes before; the frames belong to no extent until `add`.
  func takeFrames(for handle: UInt32, _ block: UInt64, upTo count: UInt64, after before: Extent?) throws(FileSystemError) -> FrameRun {
    let allowed = allowedFrames
    guard allowed > 0 else { throw .noSpace }
    let most = Int(min(count, allowed, UInt64(Extent.mostBlocks)))
    let neighbour = before.map { $0.frame + ($0.count - 1) }
    let run: FrameRun
    do throws(FileSystemError) { run = try allocate(most, neighbour) } catch {
      // Of what the store counts as free nothing may be left when it is looked at; frames of doomed files are there for sure.
      guard doomedFrames > 0 else { throw error }
      takeDoomedFrames()
      run = try allocate(most, neighbour)
    }
    usedFrames += UInt64(run.count)
    return run
  }

  private func allocate(_ count: Int, _ neighbour: FrameNumber?) throws(FileSystemError) -> FrameRun {
    do throws(StoreError) { return try store.allocate(upTo: count, after: neighbour) } catch { throw FileSystemError(error) }
  }

  /// The extent that ends where a block begins.
  func extent(of handle: UInt32, before block: UInt64) -> Extent? { block > 0 ? extent(of: handle, at: block - 1) : nil }

  func giveBack(_ run: FrameRun) {
    store.release(run)
    usedFrames -= UInt64(run.count)
  }

  /// Makes frames that were taken blocks of the file; the extents before and after them are given where there are any. Returns the
  /// extent that they are a part of now.
  @discardableResult
  func add(_ extent: Extent, to handle: UInt32, after before: Extent?, before next: Extent?) -> Extent {
    inodes[handle].frames += UInt64(extent.count)
    if inodes[handle].isDoomed { doomedFrames += UInt64(extent.count) }
    return insert(extent, into: handle, after: before, before: next)
  }

  /// Puts an extent into the map, joined with those before and after it where they are one.
  private func insert(_ extent: Extent, into handle: UInt32, after before: Extent?, before next: Extent?) -> Extent {
    var extent = extent
    if let next, extent.isContinued(by: next) {
      extents.remove(key(next, handle))
      extent.count += next.count
    }
    if let before, before.isContinued(by: extent) {
      var joined = before
      joined.count += extent.count
      extents.update(key(before, handle), to: joined.value)
      return joined
    }
    extents.insert(key(extent, handle), extent.value)
    return extent
  }

  private func key(_ extent: Extent, _ handle: UInt32) -> MapKey { MapKey(owner: handle, position: extent.block) }

  /// Takes a part out of an extent; what is left before and after it stays. `reserveExtents` comes before unless the part
  /// reaches to one of its ends.
  private func cut(_ range: Range<UInt64>, from extent: Extent, of handle: UInt32) {
    if extent.block < range.lowerBound {
      extents.update(key(extent, handle), to: extent.part(extent.block..<range.lowerBound).value)
    } else {
      extents.remove(key(extent, handle))
    }
    if range.upperBound < extent.end {
      let rest = extent.part(range.upperBound..<extent.end)
      extents.insert(key(rest, handle), rest.value)
    }
  }

  /// Notes that blocks of a reserved extent have been written. `reserveExtents` comes before.
  func markWritten(_ range: Range<UInt64>, of extent: Extent, in handle: UInt32) {
    cut(range, from: extent, of: handle)
    var written = extent.part(range)
    written.isReserved = false
    _ = insert(
      written, into: handle, after: self.extent(of: handle, before: range.lowerBound), before: self.extent(of: handle, at: range.upperBound))
  }

  /// Gives the frames of a range of blocks back. `reserveExtents` comes before, unless the range has all of the blocks from
  /// some block on.
  ///
  /// - Parameter onlyReserved: leaves written blocks as they are.
  func releaseBlocks(of handle: UInt32, _ range: Range<UInt64>, onlyReserved: Bool = false) {
    var block = range.lowerBound
    while block < range.upperBound, let extent = firstExtent(of: handle, from: block), extent.block < range.upperBound {
      let part = extent.blocks.clamped(to: range)
      block = part.upperBound
      if onlyReserved, !extent.isReserved { continue }
      cut(part, from: extent, of: handle)
      let run = extent.part(part).run
      inodes[handle].frames -= UInt64(run.count)
      if inodes[handle].isDoomed { doomedFrames -= UInt64(run.count) }
      giveBack(run)
    }
  }
}
