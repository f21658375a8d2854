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

  /// Why a frame and the rest of its window (`window`) can't be written; nil if they can, or if that is known once they are prepared
  /// (`prepare`). The frame must be reusable: it may be written to find out.
  ///
  /// - Parameter usable: how many frames of the window are reusable.
  func refusal(of frame: FrameNumber, usable: Int) -> Refusal? { nil }

  /// Makes frames ready to be read and written, whose windows were not refused. They are about to be given out.
  func prepare(_ run: FrameRun) throws(StoreError) {}

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
    piece.copyPastCaches(from: UnsafeRawBufferPointer(rebasing: buffer[..<piece.count]))
    return piece.count
  }

  /// The most frames of a `read` or `write`. What was copied is then still in the processor's first cache for its checksum.
  var framesAtOnce: Int { 8 }

  /// The frames that are lost if `frame` fails.
  func failing(with frame: FrameNumber) -> Range<UInt64> { frame.rawValue..<frame.rawValue + 1 }

  /// Gives back the memory of unused frames, whose contents are undefined from then on.
  func discard(_ run: FrameRun) {}

  /// Frames in a window: 1 MiB. A section has a whole number of windows.
  var framesPerWindow: Int { 256 }

  /// The window of a frame, which is tried and, on a device, mapped as a whole: an aligned MiB, cut to the memory of the vmcore, since
  /// there may be devices beyond. A window never crosses into another section. A frame that is no memory is alone in its window.
  final func window(around frame: FrameNumber) -> Range<UInt64> {
    let count = UInt64(framesPerWindow)
    let aligned = frame.rawValue / count * count
    guard let core else { return aligned..<aligned + count }
    guard let memory = core.memory(around: PFN(frame.rawValue)) else { return frame.rawValue..<frame.rawValue + 1 }
    return max(aligned, memory.lowerBound.rawValue)..<min(aligned + count, memory.upperBound.rawValue)
  }
}

/// The proof that a backend shows the memory of the vmcore.
extension Vmcore {
  /// Whether a page has the bytes that were seen; nil if the vmcore has only zeros there, which prove nothing, or can't be read.
  @inline(never)
  func page(_ frame: PFN, is seen: UnsafeMutableRawBufferPointer) -> Bool? {
    var expected = [UInt8](repeating: 0, count: frameSize)
    return expected.withUnsafeMutableBytes { buffer in
      do throws(VmcoreError) { try read(frame.address, into: buffer) } catch { return nil }
      return buffer.contains(where: { $0 != 0 }) ? buffer.elementsEqual(seen) : nil
    }
  }

  /// Why a frame of which these bytes were seen can't be taken; nil if it begins with the same 64 bytes in the vmcore.
  @inline(never)
  func refusal(of frame: FrameNumber, seenAs seen: UnsafeMutableRawBufferPointer) -> Refusal? {
    var expected = [UInt8](repeating: 0, count: 64)
    return expected.withUnsafeMutableBytes { buffer in
      do throws(VmcoreError) { try read(PFN(frame.rawValue).address, into: buffer) } catch { return .unreadable(error) }
      return seen[0..<buffer.count].elementsEqual(buffer) ? nil : .different
    }
  }
}
