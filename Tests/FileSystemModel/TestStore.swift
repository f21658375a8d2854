// Memory safety: the frames are one allocation, owned by its class. Every access is checked against the frames in use.
import Frames
import Platform

/// A small store that checks its user, splits runs, and can fail on demand. Its frames hold a pattern until they are written, so that old
/// contents would show.
struct TestStore: FrameStore {
  let frames: TestFrames

  init(frames count: Int, fragmenting: Bool = false) { frames = TestFrames(count: count, fragmenting: fragmenting) }

  var totalFrames: UInt64 { UInt64(frames.count - frames.retired) }
  var freeFrames: UInt64 { UInt64(frames.free) }

  func allocate(upTo count: Int, after neighbour: FrameNumber?) throws(StoreError) -> FrameRun {
    try frames.allocate(upTo: count, after: neighbour)
  }

  func release(_ run: FrameRun) { frames.release(run) }

  func write(_ bytes: UnsafeRawBufferPointer, to first: FrameNumber, at offset: Int, clearing: Bool) throws(StoreError) {
    try frames.write(bytes, to: first, at: offset, clearing: clearing)
  }

  func writeZeros(count: Int, to first: FrameNumber, at offset: Int) throws(StoreError) {
    try frames.writeZeros(count, to: first, at: offset)
  }

  func read(_ first: FrameNumber, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(StoreError) {
    try frames.read(first, at: offset, into: bytes)
  }

  func check(_ frame: FrameNumber) throws(StoreError) { try frames.check(frame) }
}

/// The frames of a `TestStore`.
final class TestFrames {
  enum Call { case allocate, write, read, check }

  /// The contents of frames that were not written.
  static let pattern: UInt8 = 0xa7

  let count: Int
  /// Frames that are counted as free; of these, so many turn out to be unusable when nothing else is left.
  private(set) var free: Int
  var unusable = 0
  /// Frames that failed, were released, and are not used again.
  private(set) var retired = 0
  /// Violations of `FrameStore`'s rules.
  private(set) var violations: [String] = []
  /// Lets one call of this kind fail, after that many that succeed. It is nil after the failure.
  var callsUntilFailure: (kind: Call, left: Int)?
  /// Writes that succeeded.
  private(set) var writes = 0
  /// Frames that were checked, in this order.
  var checked: [UInt64] = []
  /// Planted faults, to test the tests: frames are not cleared; some releases are lost.
  var forgetsToClear = false
  var losesReleases = false
  private var releases = 0

  private enum Frame: UInt8 { case retired, free, taken, written }
  private let memory: UnsafeMutableRawBufferPointer
  private var states: [Frame]
  /// Frames in use whose last write or read failed.
  private(set) var failed: Set<Int> = []
  private let fragmenting: Bool
  private var random = SeededGenerator(seed: 1)

  init(count: Int, fragmenting: Bool) {
    self.count = count
    self.fragmenting = fragmenting
    free = count
    states = Array(repeating: .free, count: count)
    memory = .allocate(byteCount: count * frameSize, alignment: frameSize)
    memory.initializeMemory(as: UInt8.self, repeating: Self.pattern)
  }

  deinit { memory.deallocate() }

  func isOwned(_ frame: Int) -> Bool { states[frame].rawValue > Frame.free.rawValue }
  func isRetired(_ frame: Int) -> Bool { states[frame] == .retired }

  private func fail(_ kind: Call, _ error: StoreError) throws(StoreError) {
    guard let failure = callsUntilFailure, failure.kind == kind else { return }
    callsUntilFailure = failure.left > 0 ? (kind, failure.left - 1) : nil
    guard failure.left == 0 else { return }
    if case .inaccessible(let frame, _) = error { failed.insert(Int(frame.rawValue)) }
    if case .damaged(let frame) = error { failed.insert(Int(frame.rawValue)) }
    throw error
  }

  // MARK: Owners

  func allocate(upTo most: Int, after neighbour: FrameNumber?) throws(StoreError) -> FrameRun {
    if most < 1 { violations.append("allocated \(most) frames") }
    try fail(.allocate, .noSpace)
    guard free > unusable else { throw .noSpace }
    var most = most
    var start = 0
    if fragmenting {
      most = min(most, Int.random(in: 1...4, using: &random))
      start = Int.random(in: 0..<count, using: &random)
    }
    if let neighbour, Int(neighbour.rawValue) + 1 < count, states[Int(neighbour.rawValue) + 1] == .free {
      start = Int(neighbour.rawValue) + 1
    }
    while states[start] != .free { start = (start + 1) % count }
    var end = start
    while end < count, end - start < most, states[end] == .free {
      states[end] = .taken
      end += 1
    }
    free -= end - start
    return FrameRun(first: FrameNumber(UInt64(start)), count: end - start)
  }

  func release(_ run: FrameRun) {
    releases += 1
    if losesReleases, releases % 16 == 0 { return }
    for frame in places(run.first, run.count) {
      if !isOwned(frame) { violations.append("released frame \(frame), which is \(states[frame])") }
      if failed.remove(frame) != nil {
        states[frame] = .retired
        retired += 1
      } else {
        states[frame] = .free
        free += 1
      }
    }
    bytes(run.first, 0, run.count * frameSize).initializeMemory(as: UInt8.self, repeating: Self.pattern)
  }

  /// Makes retired frames free.
  func revive() {
    for frame in 0..<count where isRetired(frame) { states[frame] = .free }
    free += retired
    retired = 0
  }

  private func places(_ first: FrameNumber, _ frames: Int) -> Range<Int> {
    precondition(frames >= 0 && first.rawValue <= UInt64(count) && frames <= count - Int(first.rawValue), "frames that are none")
    return Int(first.rawValue)..<Int(first.rawValue) + frames
  }

  private func bytes(_ first: FrameNumber, _ offset: Int, _ length: Int) -> UnsafeMutableRawBufferPointer {
    _ = places(first, (offset + length + frameSize - 1) / frameSize)
    let start = Int(first.rawValue) * frameSize + offset
    return .init(rebasing: memory[start..<start + length])
  }

  // MARK: Contents

  func write(_ bytes: UnsafeRawBufferPointer, to first: FrameNumber, at offset: Int, clearing: Bool) throws(StoreError) {
    let frames = (offset + bytes.count + frameSize - 1) / frameSize
    // What nobody can see yet fails in the middle of a run, after what comes before has been written.
    let middle = clearing ? frames / 2 : 0
    if isFailing(.write), middle > 0 {
      put(UnsafeRawBufferPointer(rebasing: bytes[..<(middle * frameSize - offset)]), to: first, at: offset, clearing: clearing)
    }
    try fail(.write, .inaccessible(first + middle, .io))
    put(bytes, to: first, at: offset, clearing: clearing)
    writes += 1
  }

  private func isFailing(_ kind: Call) -> Bool { callsUntilFailure.map { $0.kind == kind && $0.left == 0 } ?? false }

  private func put(
    _ bytes: UnsafeRawBufferPointer, to first: FrameNumber, at offset: Int, clearing: Bool
  ) {
    let frames = (offset + bytes.count + frameSize - 1) / frameSize
    use(first, frames, as: clearing ? .taken : .written, "written")
    if clearing, !forgetsToClear {
      self.bytes(first, 0, offset).initializeMemory(as: UInt8.self, repeating: 0)
      let end = offset + bytes.count
      self.bytes(first, end, frames * frameSize - end).initializeMemory(as: UInt8.self, repeating: 0)
    }
    self.bytes(first, offset, bytes.count).copyMemory(from: bytes)
    if clearing { for frame in places(first, frames) { states[frame] = .written } }
  }

  func writeZeros(_ length: Int, to first: FrameNumber, at offset: Int) throws(StoreError) {
    try fail(.write, .inaccessible(first, .io))
    // A frame that is written whole need not have been written before.
    for frame in 0..<(offset + length + frameSize - 1) / frameSize {
      let isWhole = frame * frameSize >= offset && (frame + 1) * frameSize <= offset + length
      use(first + frame, 1, as: isWhole ? .taken : .written, "zeroed")
      if isWhole { states[Int(first.rawValue) + frame] = .written }
    }
    bytes(first, offset, length).initializeMemory(as: UInt8.self, repeating: 0)
    writes += 1
  }

  func read(_ first: FrameNumber, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(StoreError) {
    try fail(.read, .damaged(first))
    use(first, (offset + bytes.count + frameSize - 1) / frameSize, as: .written, "read")
    bytes.copyMemory(from: UnsafeRawBufferPointer(self.bytes(first, offset, bytes.count)))
  }

  func check(_ frame: FrameNumber) throws(StoreError) {
    checked.append(frame.rawValue)
    use(frame, 1, as: .written, "checked")
    guard !failed.contains(Int(frame.rawValue)) else { return }
    try fail(.check, .damaged(frame))
  }

  /// Notes frames that are used in a wrong state.
  private func use(_ first: FrameNumber, _ frames: Int, as least: Frame, _ what: String) {
    for frame in places(first, frames) where states[frame].rawValue < least.rawValue {
      violations.append("frame \(frame) was \(what) while \(states[frame])")
    }
  }
}

/// A store that counts frames and keeps no data, for tests of many files.
struct HollowStore: FrameStore {
  let totalFrames: UInt64
  private var used: UInt64 = 0

  init(frames: UInt64) { totalFrames = frames }

  var freeFrames: UInt64 { totalFrames - used }

  /// Runs lie one after the other, never next to their neighbour in the file.
  mutating func allocate(upTo count: Int, after neighbour: FrameNumber?) throws(StoreError) -> FrameRun {
    guard freeFrames > 0 else { throw .noSpace }
    let run = FrameRun(first: FrameNumber(used), count: min(count, Int(freeFrames)))
    used += UInt64(run.count)
    return run
  }

  mutating func release(_ run: FrameRun) { used -= UInt64(run.count) }
  func write(_ bytes: UnsafeRawBufferPointer, to first: FrameNumber, at offset: Int, clearing: Bool) throws(StoreError) {}
  func writeZeros(count: Int, to first: FrameNumber, at offset: Int) throws(StoreError) {}
  func read(_ first: FrameNumber, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(StoreError) {}
  func check(_ frame: FrameNumber) throws(StoreError) {}
}
