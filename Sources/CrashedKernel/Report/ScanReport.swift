import Platform
import Vmcore

/// The findings of one pass over all of a crashed kernel's memory.
public final class ScanReport {
  /// Frames of each class, by `FrameClass.rawValue`.
  private var classes = InlineArray<16, UInt64>(repeating: 0)
  /// Frames that the policy's dump level leaves out and that are held back, by `HoldReason.rawValue`.
  private var held = InlineArray<16, UInt64>(repeating: 0)
  /// Frames of each class that the policy makes reusable.
  private var reusable = InlineArray<16, UInt64>(repeating: 0)
  /// Frames that the vmcore holds.
  public private(set) var frames: UInt64 = 0
  public private(set) var sections = 0
  /// Sections whose struct pages can't be read.
  public private(set) var damagedSections = 0
  public private(set) var firstDamage: KernelError?
  /// The longest runs of reusable frames, the longest first: where they begin, and how many frames they have.
  public private(set) var longestRuns: [(first: UInt64, count: UInt64)] = []
  /// Reusable frames in aligned pieces of 2 MiB, each of them reusable as a whole: what device dax can map.
  public private(set) var framesInPieces: UInt64 = 0
  /// Frames in whole blocks of 128 MiB that may become RAM (`oldmemfs ram`), where memory has blocks of that size.
  public private(set) var framesInBlocks: UInt64 = 0
  /// The places of the reusable frames.
  public private(set) var map: ReuseMap
  /// The duration of the pass.
  public private(set) var nanoseconds: UInt64 = 0

  public let policy: ReusePolicy
  private static var runsKept: Int { 5 }
  private static var pieceFrames: Int { 512 }

  public subscript(frameClass: FrameClass) -> UInt64 { classes[Int(frameClass.rawValue)] }
  public subscript(reusable frameClass: FrameClass) -> UInt64 { reusable[Int(frameClass.rawValue)] }
  public subscript(held reason: HoldReason) -> UInt64 { held[Int(reason.rawValue)] }

  public var totalReusable: UInt64 {
    var total: UInt64 = 0
    for frameClass in FrameClass.allCases { total += self[reusable: frameClass] }
    return total
  }

  /// Frames that makedumpfile leaves out at the policy's level, reusable or not, but for zero pages.
  public var leftOut: UInt64 {
    var total: UInt64 = 0
    for frameClass in FrameClass.allCases where policy.level.leavesOut(frameClass) { total += self[frameClass] }
    return total
  }

  /// Passes over all sections.
  ///
  /// - Parameters:
  ///   - onRun: gets each run of reusable frames of one class, in order: its first PFN, its length.
  ///   - onStretch: gets each stretch of frames of a section in the same state.
  public init(
    of kernel: CrashedKernel, policy: ReusePolicy, onRun: (UInt64, UInt64, FrameClass) -> Void = { _, _, _ in },
    onStretch: (UInt64, UInt64, FrameState) -> Void = { _, _, _ in }
  ) {
    self.policy = policy
    map = ReuseMap(of: kernel.core.segments)
    let start = Time.monotonic()
    let states = FrameMap()
    var run = Run()
    for range in kernel.sectionRanges {
      for section in range {
        sections += 1
        do throws(KernelError) { try kernel.classify(section: section, into: states) } catch {
          damagedSections += 1
          if firstDamage == nil { firstDamage = error }
          for range in kernel.memory(of: section) { countUnread(range) }
          continue
        }
        count(states, from: UInt64(section) * UInt64(FrameMap.frameCount), &run, onStretch, onRun)
      }
    }
    finish(&run, onRun)
    nanoseconds = Time.monotonic().since(start)
  }

  /// Counts frames whose struct pages can't be read as the kernel's.
  private func countUnread(_ range: Range<UInt64>) {
    let count = range.upperBound - range.lowerBound
    frames += count
    classes[Int(FrameClass.kernel.rawValue)] += count
    map.addUnreadable(range.lowerBound, count)
  }

  private struct Run {
    var first: UInt64 = 0
    var count: UInt64 = 0
    var frameClass = FrameClass.absent
  }

  /// Counts a section, stretch by stretch of frames in the same state.
  private func count(
    _ states: FrameMap, from first: UInt64, _ run: inout Run, _ onStretch: (UInt64, UInt64, FrameState) -> Void,
    _ onRun: (UInt64, UInt64, FrameClass) -> Void
  ) {
    var start = 0
    // Where the run of reusable frames of any class began, and the frames that may be RAM.
    var runStart = 0
    var asRAM = 0
    while start < FrameMap.frameCount {
      let state = states[start]
      let end = states.endOfStretch(from: start)
      let count = UInt64(end - start)
      let frameClass = state.frameClass
      onStretch(first + UInt64(start), count, state)
      classes[Int(frameClass.rawValue)] += count
      if frameClass != .absent { frames += count }
      if policy.isReusable(state) {
        reusable[Int(frameClass.rawValue)] += count
        map.addReusable(first + UInt64(start), count)
        extend(&run, first + UInt64(start), count, frameClass, onRun)
      } else {
        countPieces(runStart..<start)
        runStart = end
        if policy.level.excludes(frameClass) { held[Int(state.hold.rawValue)] += count }
        if state.hold == .taken { map.addTaken(first + UInt64(start), count) }
      }
      if policy.isReusableAsRAM(state) { asRAM += end - start }
      start = end
    }
    countPieces(runStart..<FrameMap.frameCount)
    if asRAM == FrameMap.frameCount { framesInBlocks += UInt64(asRAM) }
  }

  /// Counts the pieces that lie in a run of reusable frames as a whole.
  private func countPieces(_ run: Range<Int>) {
    let piece = Self.pieceFrames
    let first = (run.lowerBound + piece - 1) / piece
    let end = run.upperBound / piece
    if first < end { framesInPieces += UInt64((end - first) * piece) }
  }

  private func extend(
    _ run: inout Run, _ first: UInt64, _ count: UInt64, _ frameClass: FrameClass, _ onRun: (UInt64, UInt64, FrameClass) -> Void
  ) {
    if run.frameClass == frameClass, run.first + run.count == first {
      run.count += count
    } else {
      finish(&run, onRun)
      run = Run(first: first, count: count, frameClass: frameClass)
    }
  }

  private func finish(_ run: inout Run, _ onRun: (UInt64, UInt64, FrameClass) -> Void) {
    guard run.count > 0 else { return }
    onRun(run.first, run.count, run.frameClass)
    var place = longestRuns.count
    while place > 0, longestRuns[place - 1].count < run.count { place -= 1 }
    if place < Self.runsKept { longestRuns.insert((run.first, run.count), at: place) }
    if longestRuns.count > Self.runsKept { longestRuns.removeLast() }
    run = Run()
  }
}

extension FrameClass {
  /// The name in tables, JSON and ranges.
  public var name: Literal {
    switch self {
    case .absent: return "absent"
    case .kernel: return "kernel"
    case .free: return "free"
    case .cache: return "cache"
    case .privateCache: return "private-cache"
    case .user: return "user"
    case .hugetlb: return "hugetlb"
    case .poisoned: return "poisoned"
    case .offline: return "offline"
    case .unaccepted: return "unaccepted"
    }
  }
}

extension HoldReason {
  /// The name in tables and JSON.
  public var name: Literal {
    switch self {
    case .none: return "none"
    case .lowMemory: return "low-memory"
    case .locked: return "locked"
    case .writeback: return "writeback"
    case .references: return "references"
    case .compound: return "compound"
    case .reserved: return "reserved"
    case .poisoned: return "poisoned"
    case .mapping: return "mapping"
    case .contradictory: return "contradictory"
    case .structures: return "structures"
    case .unevictable: return "unevictable"
    case .unknownFlags: return "unknown-flags"
    case .buffers: return "buffers"
    case .hugetlb: return "hugetlb"
    case .taken: return "taken"
    }
  }
}
