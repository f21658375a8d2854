import Frames

/// Blocks of a file that lie in adjoining frames.
///
/// In the map of extents the key is the file and the first block, the value the rest in 64 bits: 40 of the first frame's
/// number, one that tells reserved frames from written ones, 23 of the count.
struct Extent: BitwiseCopyable {
  /// The first block of the file, in units of a frame.
  var block: UInt64
  var frame: FrameNumber
  /// 1 ... `mostBlocks`.
  var count: Int
  /// Reserved by fallocate(2) and not written yet: it reads as zeros, and the frames hold old contents.
  var isReserved = false

  static var mostBlocks: Int { 1 << 23 - 1 }
  private static var frameMask: UInt64 { 1 << UInt64(FrameNumber.bits) - 1 }
  private static var reservedBit: UInt64 { 1 << UInt64(FrameNumber.bits) }
  private static var countShift: UInt64 { UInt64(FrameNumber.bits) + 1 }

  init(block: UInt64, run: FrameRun, isReserved: Bool) {
    self.block = block
    frame = run.first
    count = run.count
    self.isReserved = isReserved
  }

  init(_ entry: MapEntry) {
    block = entry.key.position
    frame = FrameNumber(entry.value & Self.frameMask)
    count = Int(entry.value >> Self.countShift)
    isReserved = entry.value & Self.reservedBit != 0
  }

  var value: UInt64 { frame.rawValue | (isReserved ? Self.reservedBit : 0) | UInt64(count) << Self.countShift }

  /// The first block after it.
  var end: UInt64 { block + UInt64(count) }
  var blocks: Range<UInt64> { block..<end }
  var run: FrameRun { FrameRun(first: frame, count: count) }

  /// The frame of one of its blocks.
  func frame(of other: UInt64) -> FrameNumber { frame + Int(other - block) }

  /// A part of it.
  func part(_ range: Range<UInt64>) -> Extent {
    precondition(range.lowerBound >= block && range.upperBound <= end && !range.isEmpty)
    let run = FrameRun(first: frame(of: range.lowerBound), count: Int(range.upperBound - range.lowerBound))
    return Extent(block: range.lowerBound, run: run, isReserved: isReserved)
  }

  /// Whether another one continues it, in the file and in the frames.
  func isContinued(by other: Extent) -> Bool {
    end == other.block && frame + count == other.frame && isReserved == other.isReserved && count + other.count <= Self.mostBlocks
  }
}
