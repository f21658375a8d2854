// Memory safety: each copy is between the caller's buffer and bytes that the way checked, of the same count.
import CrashedKernel
import Frames
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

  /// Whether what is written is the memory of this kernel, going by a frame that only this memory has; nil if none can be mapped.
  /// It keeps the memory of a running kernel, or of another crash, from ever being written. A vmcore always is.
  func shows(_ kernel: CrashedKernel) -> Bool? {
    guard case .windows(let windows) = self else { return true }
    return kernel.landmark { windows.shows($0) }
  }

  /// Reads whole frames that lie one after the other, as many as can be reached in one piece: at least one. Returns the bytes.
  func read(_ first: FrameNumber, into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int {
    if case .vmcore(let frames) = self { return try frames.read(first, into: buffer) }
    let piece = try mapped(first, upTo: buffer.count)
    buffer.baseAddress!.copyMemory(from: piece.baseAddress!, byteCount: piece.count)
    return piece.count
  }

  /// Writes whole frames that lie one after the other, as many as can be reached in one piece: at least one. Returns the bytes. After
  /// an error nothing is known of what the first holds, and the others are as they were.
  func write(_ buffer: UnsafeRawBufferPointer, to first: FrameNumber) throws(StoreError) -> Int {
    if case .vmcore(let frames) = self { return try frames.write(buffer, to: first) }
    let piece = try mapped(first, upTo: buffer.count)
    piece.baseAddress!.copyMemory(from: buffer.baseAddress!, byteCount: piece.count)
    return piece.count
  }

  /// Why a frame, and with it all that is reached as it is (`window`), can't be written; nil if it can. Only for a frame that may
  /// change.
  func refusal(of frame: FrameNumber) -> Refusal? {
    switch self {
    case .windows(let windows): return windows.refusal(of: frame)
    case .vmcore(let frames): return frames.refusal(of: frame)
    case .scratch: return nil
    }
  }

  /// The frames that are mapped, or not, with a frame: none of them lies in another section.
  func window(around frame: FrameNumber) -> Range<UInt64> {
    switch self {
    case .windows(let windows): return WindowCache.window(around: frame, windows.core)
    case .vmcore(let frames): return WindowCache.window(around: frame, frames.core)
    case .scratch: return WindowCache.window(around: frame, nil)
    }
  }

  /// The frames that can't be reached where `frame` failed.
  func failing(with frame: FrameNumber) -> Range<UInt64> {
    if case .windows = self { return window(around: frame) }
    return frame.rawValue..<frame.rawValue + 1
  }

  /// The bytes of frames from `first` on, as many of `count` as are mapped in one piece.
  private func mapped(_ first: FrameNumber, upTo count: Int) throws(StoreError) -> UnsafeMutableRawBufferPointer {
    switch self {
    case .windows(let windows): return try windows.bytes(of: first, count: count / frameSize)
    case .scratch(let scratch): return try scratch.bytes(of: first, count: count / frameSize)
    case .vmcore: throw .inaccessible(first, .invalid)
    }
  }
}
