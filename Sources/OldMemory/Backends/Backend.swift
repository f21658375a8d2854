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
  /// How it is called in messages; nil for scratch memory.
  var way: StoreWay? { nil }
  /// The memory that the frames are of; nil for scratch memory.
  var core: Vmcore? { nil }

  /// Whether what is written is the memory of this kernel, going by a frame that only this memory has; nil if that can't be told.
  /// It keeps the memory of a running kernel, or of another crash, from ever being written.
  func shows(_ kernel: CrashedKernel) -> Bool? { true }

  /// What speaks against writing to a frame, and with it to all that is reached as it is (`window`); nil if it can be written. Only for a
  /// frame that may change.
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

  /// The frames that can't be reached where `frame` failed.
  func failing(with frame: FrameNumber) -> Range<UInt64> { frame.rawValue..<frame.rawValue + 1 }

  /// Gives back what frames take that nobody uses; they may read as anything then.
  func discard(_ run: FrameRun) {}

  /// Frames in a window: 1 MiB.
  static var framesPerWindow: UInt64 { 256 }

  /// The frames that are tried, and for a device mapped, with a frame: an aligned MiB, cut to the memory that the vmcore says exists.
  /// Beyond that there may be devices. A frame that is no memory is alone. None of them lies in another section.
  final func window(around frame: FrameNumber) -> Range<UInt64> {
    let aligned = frame.rawValue / Self.framesPerWindow * Self.framesPerWindow
    guard let core else { return aligned..<aligned + Self.framesPerWindow }
    guard let memory = core.memory(around: PFN(frame.rawValue)) else { return frame.rawValue..<frame.rawValue + 1 }
    return max(aligned, memory.lowerBound.rawValue)..<min(aligned + Self.framesPerWindow, memory.upperBound.rawValue)
  }
}
