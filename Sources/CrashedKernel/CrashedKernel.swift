import Platform
import Vmcore

/// A crashed Linux kernel: its memory, section by section.
public final class CrashedKernel {
  public let core: Vmcore
  private let translation: AddressTranslation
  private let sparseMemory: SparseMemory
  private let classifier: PageClassifier
  private let pages: StructPages
  private let giantHead: StructPages
  /// What has to stay as it is for anybody to find and read struct pages, whatever these say of it: they may be damaged, and
  /// makedumpfile reads them when files have long been written.
  private var structures = FrameRanges()

  /// Finds the kernel's structures; nothing of its memory map is read yet.
  public init(core: Vmcore) throws(KernelError) {
    self.core = core
    guard !core.isXen else { throw .unsupported("it ran under the Xen hypervisor, whose memory is not the kernel's own") }
    guard let pageSize = core.info.value(of: Text("PAGESIZE"))?.number(), pageSize == PFN.pageSize
    else { throw .implausible("PAGESIZE in VMCOREINFO") }
    translation = try AddressTranslation(core)
    sparseMemory = try SparseMemory(core.info, translation)
    classifier = PageClassifier(layout: try PageLayout(core.info))
    pages = StructPages(classifier.layout, count: StructPages.pieceCount)
    giantHead = StructPages(classifier.layout, count: 2)
    findStructures()
  }

  /// The kernel's release.
  public var release: Text { core.info.release }

  /// Frames that the dump holds and whose contents no other machine has: the top page table, and the start of `mem_section`.
  public var landmarks: (PFN, PFN?) { (translation.topTableFrame, sparseMemory.rootsFrame) }

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
      try scan(map, memory, base, firstFrame: first)
    } else {
      map.fill(0..<FrameMap.frameCount, FrameState(.kernel))
    }
    cut(map, to: memory)
    hold(map, 0..<(1 << 20) / PFN.pageSize, .lowMemory, firstFrame: first)
    structures.forEach(in: first..<first + UInt64(FrameMap.frameCount)) { hold(map, $0, .structures, firstFrame: first) }
  }

  private func scan(_ map: FrameMap, _ memory: [Range<Int>], _ base: UInt64, firstFrame: UInt64) throws(KernelError) {
    var scan = SectionScan(classifier, map, firstFrame: firstFrame, base: base, memory: memory)
    for start in stride(from: 0, to: FrameMap.frameCount, by: StructPages.pieceCount) {
      let piece = start..<start + StructPages.pieceCount
      // Where there is no memory there may be no struct pages either.
      guard memory.contains(where: { $0.overlaps(piece) }) else {
        scan.skip(piece)
        continue
      }
      try load(piece, base, firstFrame)
      if start == 0, pages.page(0).isTail, let head = loadGiantHead(of: pages.page(0), at: firstFrame, base) {
        if let compound = classifier.compound(giantHead, head: 0), firstFrame - head < 1 << UInt64(compound.order) {
          scan.resume(giantHead.page(0), compound, head: head)
        }
        try load(piece, base, firstFrame)
      }
      scan.classify(pages, piece)
    }
  }

  @inline(never)
  private func load(_ piece: Range<Int>, _ base: UInt64, _ firstFrame: UInt64) throws(KernelError) {
    try pages.load(base &+ (firstFrame &+ UInt64(piece.lowerBound)) &* UInt64(classifier.layout.size), with: translation)
  }

  /// The PFN of the huge page's head that a tail page at the start of a section leads to, its struct pages being loaded into
  /// `giantHead`; nil if it leads to none. Only a huge page of more than 128 MiB reaches from section to section.
  @inline(never)
  private func loadGiantHead(of tail: StructPage, at pfn: UInt64, _ base: UInt64) -> UInt64? {
    let size = UInt64(classifier.layout.size)
    let link = tail.compoundHead & ~1
    let address = base &+ pfn &* size
    // A mask is ones and then zeros (since 7.1); anything else is the head's address.
    let isMask = ~link & (~link &+ 1) == 0
    let offset = (isMask ? address & link : link) &- base
    let head = offset / size
    guard offset % size == 0, head < pfn, pfn - head < 1 << UInt64(Compound.highestOrder), head % UInt64(FrameMap.frameCount) == 0
    else { return nil }
    do throws(KernelError) {
      guard try sparseMemory.map(of: Int(head) / FrameMap.frameCount) == base else { return nil }
      try giantHead.load(base &+ head &* size, with: translation)
    } catch { return nil }
    return head
  }

  /// The frames of a section that the vmcore holds.
  func memory(of section: Int) -> [Range<UInt64>] {
    let first = UInt64(section) * UInt64(FrameMap.frameCount)
    return memory(from: first).map { first + UInt64($0.lowerBound)..<first + UInt64($0.upperBound) }
  }

  /// The places in a section that the vmcore holds.
  @inline(never)
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

  /// Holds back what there is of a range of frames in a section.
  private func hold(_ map: FrameMap, _ frames: Range<UInt64>, _ reason: HoldReason, firstFrame: UInt64) {
    let section = firstFrame..<firstFrame + UInt64(FrameMap.frameCount)
    for frame in frames.clamped(to: section) {
      let place = Int(frame - firstFrame)
      let state = map[place]
      if state.frameClass != .absent { map[place] = FrameState(state.frameClass, reason) }
    }
  }

  // MARK: The kernel's own structures

  private func findStructures() {
    let bytes = UInt64(FrameMap.frameCount) * UInt64(classifier.layout.size)
    for range in sectionRanges {
      for section in range {
        sparseMemory.addFrames(of: section, to: &structures)
        do throws(KernelError) {
          guard let base = try sparseMemory.map(of: section) else { continue }
          translation.addFrames(of: base &+ UInt64(section) &* bytes, count: bytes, to: &structures)
        } catch {}
      }
    }
  }
}
