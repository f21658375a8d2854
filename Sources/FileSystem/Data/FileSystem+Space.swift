import Frames
import Platform

/// What fallocate(2) is asked to do.
public struct AllocateMode: OptionSet, BitwiseCopyable, Sendable {
  public let rawValue: Int32

  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE (linux/falloc.h); tmpfs knows no others (`shmem_fallocate`, mm/shmem.c).
  public static var keepSize: AllocateMode { AllocateMode(rawValue: 1) }
  public static var punchHole: AllocateMode { AllocateMode(rawValue: 2) }
}

/// What lseek(2) looks for.
public enum SeekTarget: Sendable {
  case data
  case hole
}

/// Space: sizes of files, reserved blocks and holes.
extension FileSystem where Store: ~Copyable {
  /// Sets a file's size. What is cut off reads as zeros if the file grows again.
  func setSize(_ handle: UInt32, to size: UInt64) throws(FileSystemError) {
    guard size <= Self.mostBytes else { throw .tooLarge }
    if size < inodes[handle].size {
      try clear(handle, from: size, to: size.blocks.firstByte)
    }
    // Where the size stays, blocks that fallocate reserved beyond the end go.
    if size <= inodes[handle].size { releaseBlocks(of: handle, size.blocks..<UInt64.max) }
    inodes[handle].size = size
  }

  /// Zeros a part of one block, if it has been written.
  private func clear(_ handle: UInt32, from start: UInt64, to end: UInt64) throws(FileSystemError) {
    let block = start.block
    guard start < end, let extent = extents.extent(of: handle, at: block), !extent.isReserved else { return }
    let frame = extent.frame(of: block)
    try storing("truncate", handle, block, in: frame) { store throws(StoreError) in
      try store.writeZeros(count: Int(end - start), to: frame, at: start.offsetInBlock)
    }
  }

  /// Reserves blocks for a range of a file, or makes a hole of it (fallocate(2)).
  public func allocate(
    _ number: InodeNumber, at offset: UInt64, count: UInt64, mode: AllocateMode, by caller: Caller
  ) throws(FileSystemError) {
    let handle = try regular(number)
    try checkAllocation(handle, mode)
    guard mode.isSubset(of: [.keepSize, .punchHole]), !mode.contains(.punchHole) || mode.contains(.keepSize)
    else { throw .unsupported }
    guard count > 0 else { throw .invalid }
    guard offset <= Self.mostBytes, count <= Self.mostBytes - offset else { throw .tooLarge }
    if mode.contains(.punchHole) {
      try punch(handle, offset..<offset + count)
    } else {
      try reserve(handle, offset.block..<(offset + count).blocks)
      if !mode.contains(.keepSize) { inodes[handle].size = max(inodes[handle].size, offset + count) }
    }
    noteChange(handle, by: caller)
  }

  private func punch(_ handle: UInt32, _ range: Range<UInt64>) throws(FileSystemError) {
    let blocks = (first: range.lowerBound.blocks, end: range.upperBound.block)
    try extents.reserve()
    if blocks.first > blocks.end {
      // All of it lies in one block.
      return try clear(handle, from: range.lowerBound, to: range.upperBound)
    }
    try clear(handle, from: range.lowerBound, to: blocks.first.firstByte)
    try clear(handle, from: blocks.end.firstByte, to: range.upperBound)
    releaseBlocks(of: handle, blocks.first..<blocks.end)
  }

  /// Reserves all blocks of a range or none: as in tmpfs, a failure takes back what was reserved in it.
  private func reserve(_ handle: UInt32, _ range: Range<UInt64>) throws(FileSystemError) {
    try checkFrameLimit(range.upperBound - range.lowerBound)
    var block = range.lowerBound
    do throws(FileSystemError) {
      while block < range.upperBound {
        let extent = extents.firstExtent(of: handle, from: block)
        try extents.reserve()
        if let extent, extent.block <= block {
          // What was reserved here may have been joined to it.
          if extent.isReserved { try writeZeros(extent.blocks.clamped(to: block..<range.upperBound), of: extent, in: handle) }
          block = extent.end
          continue
        }
        let end = min(range.upperBound, extent?.block ?? UInt64.max)
        let before = extents.extent(of: handle, before: block)
        let run = try takeFrames(upTo: end - block, after: before)
        let new = Extent(block: block, run: run, isReserved: true)
        add(new, to: handle, after: before, before: new.end == extent?.block ? extent : nil)
        block = new.end
      }
    } catch {
      // Joined extents are cut once at each end at the most, for which the last reservation is still there.
      releaseBlocks(of: handle, range.lowerBound..<min(block, range.upperBound), onlyReserved: true)
      throw error
    }
  }

  /// What is reserved a second time a tmpfs makes data of (`shmem_get_folio_gfp`, mm/shmem.c): the blocks are zeros that have
  /// been written, which a failure doesn't take back.
  private func writeZeros(_ range: Range<UInt64>, of extent: Extent, in handle: UInt32) throws(FileSystemError) {
    let part = extent.part(range)
    try storing("fallocate", handle, range.lowerBound, in: part.frame) { store throws(StoreError) in
      try store.writeZeros(count: part.count * frameSize, to: part.frame, at: 0)
    }
    extents.markWritten(range, of: extent, in: handle)
  }

  /// The first data, or the first hole, at or after `offset`; the end of a file is a hole (lseek(2)).
  public func seek(_ target: SeekTarget, in number: InodeNumber, from offset: UInt64) throws(FileSystemError) -> UInt64 {
    let handle = try regular(number)
    let size = inodes[handle].size
    guard offset < size else { throw .noData }
    var block = offset.block
    while block.firstByte < size {
      let extent = extents.firstExtent(of: handle, from: block)
      let isData = extent.map { $0.block <= block && !$0.isReserved } ?? false
      if isData == (target == .data) { return max(offset, block.firstByte) }
      // A reserved block is a hole to tmpfs as well.
      guard let extent else { break }
      block = extent.block <= block ? extent.end : extent.block
    }
    if target == .data { throw .noData }
    return size
  }
}
