import Frames

/// The extents of all files, by file and first block. Extents of a file that continue one another are one.
struct ExtentTable {
  private let map: OrderedMap

  init(capacity: Int, budget: MemoryBudget) { map = OrderedMap(nodes: capacity, budget: budget) }

  private func key(_ extent: Extent, _ handle: UInt32) -> MapKey { MapKey(owner: handle, position: extent.block) }

  // MARK: Looking

  /// The extent that holds a block.
  func extent(of handle: UInt32, at block: UInt64) -> Extent? {
    guard let entry = map.last(upTo: MapKey(owner: handle, position: block)), entry.key.owner == handle else { return nil }
    let extent = Extent(entry)
    return extent.blocks.contains(block) ? extent : nil
  }

  /// The extent that ends where a block begins.
  func extent(of handle: UInt32, before block: UInt64) -> Extent? { block > 0 ? extent(of: handle, at: block - 1) : nil }

  /// The first extent that ends after the start of a block.
  func firstExtent(of handle: UInt32, from block: UInt64) -> Extent? {
    if let extent = extent(of: handle, at: block) { return extent }
    guard let entry = map.first(from: MapKey(owner: handle, position: block)), entry.key.owner == handle else { return nil }
    return Extent(entry)
  }

  /// The first extent of any file that ends after a place in the order of files and blocks, and its file.
  func next(from place: MapKey) -> (handle: UInt32, extent: Extent)? {
    if let extent = extent(of: place.owner, at: place.position) { return (place.owner, extent) }
    return map.first(from: place).map { ($0.key.owner, Extent($0)) }
  }

  // MARK: Changing

  /// Makes sure that the next change succeeds: it adds at most two extents.
  func reserve() throws(FileSystemError) { try map.reserve(2) }

  /// Adds an extent, after `reserve`, and joins it with its neighbours `before` and `next` where it continues them. Returns the
  /// extent that it is a part of now.
  @discardableResult
  func insert(_ extent: Extent, into handle: UInt32, after before: Extent?, before next: Extent?) -> Extent {
    var extent = extent
    if let next, extent.isContinued(by: next) {
      map.remove(key(next, handle))
      extent.count += next.count
    }
    if let before, before.isContinued(by: extent) {
      var joined = before
      joined.count += extent.count
      map.update(key(before, handle), to: joined.value)
      return joined
    }
    map.insert(key(extent, handle), extent.value)
    return extent
  }

  /// Takes blocks out of an extent; those before and after them stay. `reserve` comes first, unless the blocks reach to one of the
  /// extent's ends.
  func cut(_ blocks: Range<UInt64>, from extent: Extent, of handle: UInt32) {
    if extent.block < blocks.lowerBound {
      map.update(key(extent, handle), to: extent.part(extent.block..<blocks.lowerBound).value)
    } else {
      map.remove(key(extent, handle))
    }
    if blocks.upperBound < extent.end {
      let rest = extent.part(blocks.upperBound..<extent.end)
      map.insert(key(rest, handle), rest.value)
    }
  }

  /// Makes blocks of a reserved extent written ones, after `reserve`.
  func markWritten(_ blocks: Range<UInt64>, of extent: Extent, in handle: UInt32) {
    cut(blocks, from: extent, of: handle)
    var written = extent.part(blocks)
    written.isReserved = false
    insert(
      written, into: handle, after: self.extent(of: handle, before: blocks.lowerBound),
      before: self.extent(of: handle, at: blocks.upperBound))
  }

  var mapForTests: OrderedMap { map }
}
