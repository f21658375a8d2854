// Memory safety: each copy is between the caller's buffer and bytes that the backend checked, of the same count.
import CrashedKernel
import Frames
import Platform
import Vmcore

/// A way to reach the bytes of frames, which a pool reads and writes through.
///
/// What a subclass overrides says what it can do: map frames (`mapped`), or copy to and from them (`read` and `write`). A new one is a
/// file, and its line in `FramePool.open`.
class Backend {
  /// Its name in messages; nil for scratch memory.
  var way: StoreWay? { nil }
  /// The memory that the frames are of; nil for scratch memory.
  var core: Vmcore? { nil }

  /// Whether the backend really shows this crash's memory: compares a page with unique contents through the backend and through the
  /// vmcore; nil if no such page can be reached. Without it the memory of a running kernel, or of another crash, could be written.
  func shows(_ kernel: CrashedKernel) -> Bool? { true }

  /// Why a frame and the rest of its window (`window`) can't be written; nil if they can. The frame must be reusable: it may be written
  /// to find out.
  func refusal(of frame: FrameNumber) -> Refusal? { nil }

  /// The bytes of frames from `first` on, as many of `count` as are mapped in one piece, at least one; valid until the next call.
  func mapped(_ first: FrameNumber, upTo count: Int) throws(StoreError) -> UnsafeMutableRawBufferPointer {
    throw .inaccessible(first, .invalid)
  }

  /// Reads whole frames that lie one after the other, as many as can be reached in one piece: at least one. Returns the bytes.
  func read(_ first: FrameNumber, into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int {
    let piece = try mapped(first, upTo: buffer.count / frameSize)
    buffer.baseAddress!.copyMemory(from: piece.baseAddress!, byteCount: piece.count)
    return piece.count
  }

  /// Writes whole frames that lie one after the other, as many as can be reached in one piece: at least one. Returns the bytes. After
  /// an error nothing is known of what the first holds, and the others are as they were.
  func write(_ buffer: UnsafeRawBufferPointer, to first: FrameNumber) throws(StoreError) -> Int {
    let piece = try mapped(first, upTo: buffer.count / frameSize)
    piece.baseAddress!.copyMemory(from: buffer.baseAddress!, byteCount: piece.count)
    return piece.count
  }

  /// The frames that are lost if `frame` fails.
  func failing(with frame: FrameNumber) -> Range<UInt64> { frame.rawValue..<frame.rawValue + 1 }

  /// Gives back the memory of unused frames, whose contents are undefined from then on.
  func discard(_ run: FrameRun) {}

  /// Frames in a window: 1 MiB.
  static var framesPerWindow: UInt64 { 256 }

  /// The window of a frame, which is tried and, on a device, mapped as a whole: an aligned MiB, cut to the memory of the vmcore, since
  /// there may be devices beyond. A window never crosses into another section. A frame that is no memory is alone in its window.
  final func window(around frame: FrameNumber) -> Range<UInt64> {
    let aligned = frame.rawValue / Self.framesPerWindow * Self.framesPerWindow
    guard let core else { return aligned..<aligned + Self.framesPerWindow }
    guard let memory = core.memory(around: PFN(frame.rawValue)) else { return frame.rawValue..<frame.rawValue + 1 }
    return max(aligned, memory.lowerBound.rawValue)..<min(aligned + Self.framesPerWindow, memory.upperBound.rawValue)
  }
}
