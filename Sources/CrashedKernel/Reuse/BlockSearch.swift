import Platform
import Vmcore

/// A block of memory of which every frame may become RAM of another kernel.
public struct WholeBlock: Equatable, Sendable {
  public let frames: Range<PFN>
  /// How many of its frames are page cache, and how many are pages of processes; the others are free.
  public let cache: UInt64
  public let user: UInt64

  /// Whether it is to be taken before another: free frames first, then page cache, then pages of processes.
  func isBetter(than other: WholeBlock) -> Bool { (user, cache) < (other.user, other.cache) }
}

/// The search for such blocks, of a size that is a multiple of a section's.
///
/// A block's contents are not compared over time, to see a device write to it: two passes over 1 GiB take a second, and would show the
/// writes between them alone. No device was told of such frames (`ReusePolicy.isReusableAsRAM`).
public struct BlockSearch {
  private let kernel: CrashedKernel
  private let policy: ReusePolicy
  private let sections: Int
  private let states = FrameMap()
  /// Sections that were classified, for whoever measures the search.
  public private(set) var classified = 0

  /// nil for a size in bytes that is none.
  public init?(_ kernel: CrashedKernel, _ policy: ReusePolicy, blockSize: UInt64) {
    let section = UInt64(FrameMap.frameCount) * PFN.pageSize
    guard blockSize >= section, blockSize % section == 0 else { return nil }
    self.kernel = kernel
    self.policy = policy
    sections = Int(blockSize / section)
  }

  /// The best blocks within some ranges of frames, the best first. Nothing more is scanned once enough blocks are free as a whole, or
  /// once there are enough and `isLate` says that better ones are not worth more time.
  public mutating func best(_ count: Int, in ranges: [Range<PFN>], isLate: () -> Bool = { false }) -> [WholeBlock] {
    var best: [WholeBlock] = []
    var free = 0
    for range in ranges {
      let blockFrames = UInt64(sections * FrameMap.frameCount)
      var first = (range.lowerBound.rawValue + blockFrames - 1) / blockFrames * blockFrames
      while free < count, best.count < count || !isLate(), first + blockFrames <= range.upperBound.rawValue {
        if let block = block(from: first) {
          if block.cache == 0, block.user == 0 { free += 1 }
          add(block, to: &best, upTo: count)
        }
        first += blockFrames
      }
    }
    return best
  }

  private func add(_ block: WholeBlock, to best: inout [WholeBlock], upTo count: Int) {
    var place = best.count
    while place > 0, block.isBetter(than: best[place - 1]) { place -= 1 }
    best.insert(block, at: place)
    if best.count > count { best.removeLast() }
  }

  /// The block that begins at a frame; nil if a frame of it must be left alone.
  private mutating func block(from first: UInt64) -> WholeBlock? {
    var cache: UInt64 = 0
    var user: UInt64 = 0
    let section = Int(first) / FrameMap.frameCount
    for number in section..<section + sections {
      classified += 1
      do throws(KernelError) { try kernel.classify(section: number, into: states, goingOn: isPromising) } catch { return nil }
      var start = 0
      while start < FrameMap.frameCount {
        let state = states[start]
        guard policy.isReusableAsRAM(state) else { return nil }
        let end = states.endOfStretch(from: start)
        switch state.frameClass {
        case .cache: cache += UInt64(end - start)
        case .user: user += UInt64(end - start)
        default: break
        }
        start = end
      }
    }
    return WholeBlock(frames: PFN(first)..<PFN(first + UInt64(sections * FrameMap.frameCount)), cache: cache, user: user)
  }

  /// Whether each frame of a piece of a section may become RAM, as far as is known: most blocks of a busy machine are ruled out by one of
  /// their first pages.
  private func isPromising(_ piece: Range<Int>) -> Bool {
    var start = piece.lowerBound
    while start < piece.upperBound {
      let state = states[start]
      guard policy.isReusableAsRAM(state.hold == .compound ? FrameState(state.frameClass, .none) : state) else { return false }
      start = states.endOfStretch(from: start)
    }
    return true
  }
}
