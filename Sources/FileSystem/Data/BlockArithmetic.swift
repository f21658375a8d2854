import Frames

/// Offsets in a file, in bytes and in blocks. A block is as large as the frame that holds it.
extension UInt64 {
  /// The block that the byte at this offset is in.
  var block: UInt64 { self / UInt64(frameSize) }
  /// The place of that byte in its block.
  var offsetInBlock: Int { Int(self % UInt64(frameSize)) }
  /// The number of blocks that this many bytes take.
  var blocks: UInt64 { self / UInt64(frameSize) + (self % UInt64(frameSize) > 0 ? 1 : 0) }
  /// The offset of this block's first byte.
  var firstByte: UInt64 { self * UInt64(frameSize) }
}
