// Memory safety: `states` is this object's own for its whole life and has `frameCount` bytes; places are checked against it.
import Vmcore

/// The states of all frames of one section; one map serves section after section.
public final class FrameMap {
  public static var frameCount: Int { X86_64.framesPerSection }

  private let states: UnsafeMutablePointer<UInt8>

  public init() {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: FrameMap.frameCount, alignment: 8)
    states = bytes.bindMemory(to: UInt8.self).baseAddress!
    states.initialize(repeating: FrameState(.absent, .none).rawValue, count: FrameMap.frameCount)
  }

  deinit { states.deallocate() }

  /// The state of the frame at a place in the section.
  public internal(set) subscript(place: Int) -> FrameState {
    get {
      precondition(place >= 0 && place < FrameMap.frameCount)
      return FrameState(rawValue: states[place])
    }
    set {
      precondition(place >= 0 && place < FrameMap.frameCount)
      states[place] = newValue.rawValue
    }
  }

  func fill(_ range: Range<Int>, _ state: FrameState) {
    precondition(range.lowerBound >= 0 && range.upperBound <= FrameMap.frameCount)
    (states + range.lowerBound).update(repeating: state.rawValue, count: range.count)
  }

  /// The end of the stretch of frames that have the same state as the one at `place`.
  public func endOfStretch(from place: Int) -> Int {
    precondition(place >= 0 && place < FrameMap.frameCount)
    let state = states[place]
    var end = place + 1
    while end < FrameMap.frameCount, end & 7 != 0, states[end] == state { end += 1 }
    guard end & 7 == 0 else { return end }
    // Eight at a time: `states` is aligned, and has a multiple of eight.
    let eight = UInt64(state) &* 0x0101_0101_0101_0101
    while end < FrameMap.frameCount, UnsafeRawPointer(states + end).load(as: UInt64.self) == eight { end += 8 }
    while end < FrameMap.frameCount, states[end] == state { end += 1 }
    return end
  }
}
