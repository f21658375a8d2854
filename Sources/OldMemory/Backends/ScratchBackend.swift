// Memory safety: every access is checked against the mapping's size before a pointer into it is made.
import Frames
import Platform

/// Frames of anonymous memory rather than of old memory, for tests and benchmarks of the file system.
final class ScratchBackend: Backend {
  private let memory: Mapping

  init(frames: Int) throws(Errno) { memory = try Mapping(anonymous: frames * frameSize) }

  override func mapped(_ first: FrameNumber, upTo count: Int) throws(StoreError) -> UnsafeMutableRawBufferPointer {
    let frames = UInt64(memory.bytes.count / frameSize)
    guard first.rawValue < frames, UInt64(count) <= frames - first.rawValue else { throw .inaccessible(first, .invalid) }
    let start = Int(first.rawValue) * frameSize
    return .init(rebasing: memory.bytes[start..<start + count * frameSize])
  }

  /// They read as zeros until they are written again.
  override func discard(_ run: FrameRun) { memory.discard(offset: Int(run.first.rawValue) * frameSize, count: run.count * frameSize) }
}
