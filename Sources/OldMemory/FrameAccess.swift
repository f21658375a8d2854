// Memory safety: each copy is between the caller's buffer and bytes that the way checked, of the same count.
import CrashedKernel
import Platform
import Vmcore

/// The ways to reach a frame's bytes.
enum FrameAccess {
  case windows(WindowCache)
  case vmcore(VmcoreFrames)
  case scratch(ScratchFrames)

  /// The way opened: the memory device or the vmcore at `path`, for the memory that `core` describes.
  init(_ way: StoreWay, _ path: Text, core: Vmcore, readOnly: Bool) throws(Errno) {
    switch way {
    case .device: self = .windows(try WindowCache(device: path, core: core))
    case .vmcore: self = .vmcore(try VmcoreFrames(path: path, core: core, readOnly: readOnly))
    }
  }

  var way: StoreWay? {
    switch self {
    case .windows: return .device
    case .vmcore: return .vmcore
    case .scratch: return nil
    }
  }

  /// Whether what is written is the memory of this kernel, going by a frame that only this memory has; false if none can be
  /// mapped. It keeps the memory of a running kernel, or of another crash, from ever being written. A vmcore always is.
  func shows(_ kernel: CrashedKernel) -> Bool {
    guard case .windows(let windows) = self else { return true }
    let (first, second) = kernel.landmarks
    return windows.shows(first) ?? second.flatMap { windows.shows($0) } ?? false
  }

  /// Reads bytes of frames that lie one after the other.
  func read(_ first: FrameNumber, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) {
    if case .vmcore(let frames) = self { return try frames.read(first, at: offset, into: buffer) }
    var done = 0
    while done < buffer.count {
      let piece = try mapped(first, from: offset + done, upTo: buffer.count - done)
      (buffer.baseAddress! + done).copyMemory(from: piece.baseAddress!, byteCount: piece.count)
      done += piece.count
    }
  }

  /// Writes bytes to frames that lie one after the other.
  func write(_ buffer: UnsafeRawBufferPointer, to first: FrameNumber, at offset: Int) throws(StoreError) {
    if case .vmcore(let frames) = self { return try frames.write(buffer, to: first, at: offset) }
    var done = 0
    while done < buffer.count {
      let piece = try mapped(first, from: offset + done, upTo: buffer.count - done)
      piece.baseAddress!.copyMemory(from: buffer.baseAddress! + done, byteCount: piece.count)
      done += piece.count
    }
  }

  /// Whether a frame of the section, and with it its window, can be written. Only for a frame that may change.
  func verify(_ place: Int, of section: FrameNumber) -> Bool {
    switch self {
    case .windows(let windows): return windows.verify(section + place)
    case .vmcore(let frames): return frames.verify(section + place)
    case .scratch: return true
    }
  }

  /// The bytes from byte `position` after the start of `first` on, as many of `count` as are mapped in one piece.
  private func mapped(_ first: FrameNumber, from position: Int, upTo count: Int) throws(StoreError) -> UnsafeMutableRawBufferPointer {
    let frame = first + position / frameSize
    let skipped = position % frameSize
    let frames = (skipped + count + frameSize - 1) / frameSize
    let bytes: UnsafeMutableRawBufferPointer
    switch self {
    case .windows(let windows): bytes = try windows.bytes(of: frame, count: frames)
    case .scratch(let scratch): bytes = try scratch.bytes(of: frame, count: frames)
    case .vmcore: throw .inaccessible(frame)
    }
    return .init(rebasing: bytes[skipped..<min(bytes.count, skipped + count)])
  }
}
