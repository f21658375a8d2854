import Platform
import Vmcore

/// Runs of frames that may be overwritten without a checksum of what is kept there, as `ReusePolicy.isReusableAsRAM` has them: free frames
/// first, then page cache and pages of processes, the longest runs first.
public struct RunChoice {
  /// Frames that lie one after the other, all of them free, or none.
  public struct Run: Equatable, Sendable {
    public let frames: Range<PFN>
    public let isFree: Bool

    var count: UInt64 { frames.upperBound.rawValue - frames.lowerBound.rawValue }

    func isBetter(than other: Run) -> Bool { isFree == other.isFree ? count > other.count : isFree }
  }

  /// The runs, in order of address.
  public private(set) var runs: [Run] = []
  /// The frames in them, and how many of these are free.
  public private(set) var frames: UInt64 = 0
  public private(set) var freeFrames: UInt64 = 0

  /// A shorter run is not worth what it takes to keep account of it.
  private static var shortest: UInt64 { 16 }

  /// Scans ranges of frames, which don't overlap. A section whose struct pages can't be read has no run.
  ///
  /// - Parameters:
  ///   - count: the frames to find, at most; a multiple of the shortest run.
  ///   - most: how many runs, at most.
  public init(_ kernel: CrashedKernel, _ policy: ReusePolicy, in ranges: [Range<PFN>], frames count: UInt64, runs most: Int) {
    var found: [Run] = []
    let states = FrameMap()
    let perSection = UInt64(FrameMap.frameCount)
    for range in ranges where !range.isEmpty {
      for section in Int(range.lowerBound.rawValue / perSection)...Int((range.upperBound.rawValue - 1) / perSection) {
        let first = UInt64(section) * perSection
        do throws(KernelError) { try kernel.classify(section: section, into: states) } catch { continue }
        let low = Int(max(range.lowerBound.rawValue, first) - first)
        let high = Int(min(range.upperBound.rawValue, first + perSection) - first)
        Self.collect(states, low..<high, from: first, policy, &found)
        if found.count > 2 * most { Self.keepBest(&found, most) }
      }
    }
    Self.keepBest(&found, most)
    for run in found where frames < count { take(run, upTo: count) }
    runs.insertionSort { $0.frames.lowerBound < $1.frames.lowerBound }
  }

  private mutating func take(_ run: Run, upTo count: UInt64) {
    let end = PFN(run.frames.lowerBound.rawValue + min(run.count, count - frames))
    let part = Run(frames: run.frames.lowerBound..<end, isFree: run.isFree)
    runs.append(part)
    frames += part.count
    if part.isFree { freeFrames += part.count }
  }

  private static func keepBest(_ runs: inout [Run], _ most: Int) {
    runs.insertionSort { $0.isBetter(than: $1) }
    if runs.count > most { runs.removeLast(runs.count - most) }
  }

  private static func collect(_ states: FrameMap, _ places: Range<Int>, from first: UInt64, _ policy: ReusePolicy, _ runs: inout [Run]) {
    var start = places.lowerBound
    while start < places.upperBound {
      let state = states[start]
      var end = min(states.endOfStretch(from: start), places.upperBound)
      if policy.isReusableAsRAM(state) {
        let isFree = state.frameClass == .free
        while end < places.upperBound, policy.isReusableAsRAM(states[end]), (states[end].frameClass == .free) == isFree {
          end = min(states.endOfStretch(from: end), places.upperBound)
        }
        let run = Run(frames: PFN(first + UInt64(start))..<PFN(first + UInt64(end)), isFree: isFree)
        if run.count >= shortest { runs.append(run) }
      }
      start = end
    }
  }
}
