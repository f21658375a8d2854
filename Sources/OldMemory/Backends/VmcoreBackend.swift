import Frames
import Platform
import Vmcore

/// Old memory reached by reading and writing an ELF vmcore at its file offsets: a saved vmcore, or `/proc/vmcore` of a
/// kernel that lets it be written (the interface of the 2020 "Add writing support to vmcore" patches).
final class VmcoreBackend: Backend {
  private let file: FileDescriptor
  private let vmcore: Vmcore
  private let isReadOnly: Bool

  /// Opens the vmcore at `path`, for writing unless it is to be left alone; `core` is the same file, parsed.
  init(path: Text, core: Vmcore, readOnly: Bool) throws(Errno) {
    file = try FileDescriptor.open(path, flags: readOnly ? FileDescriptor.readOnly : FileDescriptor.readWrite)
    vmcore = core
    isReadOnly = readOnly
  }

  override var way: StoreWay? { .vmcore }
  override var core: Vmcore? { vmcore }
  /// As many as a request has: each time is a system call.
  override var framesAtOnce: Int { 256 }

  /// nil if the frame can be read and, unless nothing may change, its own bytes written back to it.
  override func refusal(of frame: FrameNumber, usable: Int) -> Refusal? {
    var bytes = [UInt8](repeating: 0, count: frameSize)
    return bytes.withUnsafeMutableBytes { buffer in
      do throws(StoreError) {
        _ = try read(frame, into: buffer)
        if !isReadOnly { _ = try write(UnsafeRawBufferPointer(buffer), to: frame) }
        return nil
      } catch { return Refusal(error) }
    }
  }

  /// Reads all frames at once or, if that fails, the first alone, so that an error is of that frame. Returns the bytes read.
  override func read(_ first: FrameNumber, into bytes: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int {
    try oneOrAll(first, bytes.count) { position, count throws(Errno) in
      let piece = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
      guard try file.read(into: piece, at: position) == count else { throw Errno.io }
    }
  }

  /// Writes frames in the same way.
  override func write(_ bytes: UnsafeRawBufferPointer, to first: FrameNumber) throws(StoreError) -> Int {
    try oneOrAll(first, bytes.count) { position, count throws(Errno) in
      try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: position)
    }
  }

  /// Calls `body` with the file offset and the byte count of those frames that lie in the first one's segment; if that fails, of the
  /// first frame alone.
  private func oneOrAll(_ first: FrameNumber, _ count: Int, _ body: (UInt64, Int) throws(Errno) -> Void) throws(StoreError) -> Int {
    let frame = PFN(first.rawValue)
    guard let range = vmcore.memory(around: frame), let position = vmcore.fileOffset(of: frame, count: 1)
    else { throw .inaccessible(first, .invalid) }
    let frames = min(UInt64(count / frameSize), range.upperBound.rawValue - first.rawValue)
    let all = Int(frames) * frameSize
    do throws(Errno) {
      try body(position, all)
      return all
    } catch {}
    do throws(Errno) { try body(position, frameSize) } catch { throw .inaccessible(first, error) }
    return frameSize
  }
}
