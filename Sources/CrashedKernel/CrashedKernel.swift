import Platform
import Vmcore

/// A crashed Linux kernel: its memory, section by section.
public final class CrashedKernel {
  public let core: Vmcore
  private let translation: AddressTranslation
  private let sparseMemory: SparseMemory
  private let classifier: PageClassifier
  private let pages: StructPages

  /// Finds the kernel's structures; nothing of its memory map is read yet.
  public init(core: Vmcore) throws(KernelError) {
    self.core = core
    guard let pageSize = core.info.value(of: Text("PAGESIZE"))?.number(), pageSize == PFN.pageSize
    else { throw .implausible("PAGESIZE in VMCOREINFO") }
    translation = try AddressTranslation(core)
    sparseMemory = try SparseMemory(core.info, translation)
    classifier = PageClassifier(layout: try PageLayout(core.info))
    pages = StructPages(classifier.layout)
  }

  /// The kernel's release.
  public var release: Text { core.info.release }

  /// The sections in which there is memory, by number, as sorted ranges.
  public var sectionRanges: [Range<Int>] {
    let shift = UInt64(FrameMap.sectionBits - 12)
    var ranges: [Range<Int>] = []
    for segment in core.segments {
      let first = Int(segment.frames.lowerBound.rawValue >> shift)
      let end = Int((segment.frames.upperBound.rawValue - 1) >> shift) + 1
      if let last = ranges.last, first <= last.upperBound {
        ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, end)
      } else {
        ranges.append(first..<end)
      }
    }
    return ranges
  }

  // MARK: Classifying

  /// Tells of each frame of a section what it is. A section whose struct pages can't be found or read is an error, and
  /// none of its frames is to be used.
  public func classify(section: Int, into map: FrameMap) throws(KernelError) {
    map.fill(0..<FrameMap.frameCount, FrameState(.absent))
    let first = UInt64(section) * UInt64(FrameMap.frameCount)
    let memory = self.memory(from: first)
    guard !memory.isEmpty else { return }
    if let base = try sparseMemory.map(of: section) {
      var scan = SectionScan(classifier, map, firstFrame: first)
      for start in stride(from: 0, to: FrameMap.frameCount, by: StructPages.count) {
        let piece = start..<start + StructPages.count
        // Where there is no memory there may be no struct pages either.
        guard memory.contains(where: { $0.overlaps(piece) }) else {
          scan.skip(piece)
          continue
        }
        let address = base &+ (first &+ UInt64(start)) &* UInt64(classifier.layout.size)
        try pages.load(address, with: translation)
        scan.classify(pages, piece)
      }
    } else {
      map.fill(0..<FrameMap.frameCount, FrameState(.kernel))
    }
    cut(map, to: memory)
    hold(map, below: 1 << 20, firstFrame: first)
  }

  /// The places in a section that the vmcore holds.
  private func memory(from first: UInt64) -> [Range<Int>] {
    let end = first + UInt64(FrameMap.frameCount)
    var memory: [Range<Int>] = []
    for segment in core.segments {
      let low = max(segment.frames.lowerBound.rawValue, first)
      let high = min(segment.frames.upperBound.rawValue, end)
      if low < high { memory.append(Int(low - first)..<Int(high - first)) }
    }
    return memory
  }

  private func cut(_ map: FrameMap, to memory: [Range<Int>]) {
    var place = 0
    for range in memory {
      map.fill(place..<range.lowerBound, FrameState(.absent))
      place = range.upperBound
    }
    map.fill(place..<FrameMap.frameCount, FrameState(.absent))
  }

  private func hold(_ map: FrameMap, below address: UInt64, firstFrame: UInt64) {
    let frames = address / PFN.pageSize
    guard firstFrame < frames else { return }
    for place in 0..<Int(min(frames - firstFrame, UInt64(FrameMap.frameCount))) {
      let state = map[place]
      if state.frameClass != .absent { map.fill(place..<place + 1, FrameState(state.frameClass, .lowMemory)) }
    }
  }
}
