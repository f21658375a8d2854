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
  /// Frames that are never reusable, whatever their struct pages say, which may be damaged: the kernel's image, the struct pages, and
  /// the tables that lead to them. makedumpfile reads these when files have long been written.
  private var structures = FrameRanges()
  /// Frames that the capture kernel has taken already, such as for RAM of its own.
  private var taken = FrameRanges()

  /// Finds the kernel's structures; nothing of its memory map is read yet.
  public init(core: Vmcore) throws(KernelError) {
    self.core = core
    guard !core.isXen else { throw .unsupported("it ran under the Xen hypervisor, whose memory is not the kernel's own") }
    guard let pageSize = core.info.value(of: Text("PAGESIZE"))?.number(), pageSize == PFN.pageSize
    else { throw .implausible("PAGESIZE in VMCOREINFO") }
    translation = try AddressTranslation(core)
    sparseMemory = try SparseMemory(core.info, translation)
    classifier = PageClassifier(layout: try PageLayout(core.info), buffers: BufferHeads(core))
    pages = StructPages(classifier.layout, count: StructPages.pieceCount)
    giantHead = StructPages(classifier.layout, count: 2)
    findStructures()
  }

  /// The kernel's release.
  public var release: Text { core.info.release }

  /// Calls `body` with frames that the dump holds and whose contents only this crash has, until it returns an answer: the top page
  /// table, the start of `mem_section`, then samples of the kernel's image and of the struct pages, since the first two may lie where
  /// nothing can be mapped. Returns the answer, or nil.
  public func landmark<Answer>(_ body: (PFN) -> Answer?) -> Answer? {
    if let answer = body(translation.topTableFrame) { return answer }
    if let frame = sparseMemory.rootsFrame, let answer = body(frame) { return answer }
    return structures.sample(each: Self.landmarkStride) { body(PFN($0)) }
  }

  /// A landmark for each 256 KiB.
  private static var landmarkStride: UInt64 { 64 }

  /// The sections in which there is memory, by number, as sorted ranges.
  public var sectionRanges: [Range<Int>] {
    let shift = UInt64(X86_64.sectionShift)
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

  /// From now on the frames of a range are held back: the capture kernel has them.
  public func take(_ range: Range<PFN>) { taken.insert(range.lowerBound.rawValue..<range.upperBound.rawValue) }

  // MARK: Classifying

  /// Classifies each frame of a section. Throws if its struct pages can't be found or read: then none of its frames may be used.
  ///
  /// - Parameter goingOn: is asked after each piece of the section, with its places; after a no, frames behind it are `.absent`. A state
  ///   that it finds is final, unless `hold` is `.compound` or `.none`: then a frame behind may yet show that all of its block is held back.
  public func classify(section: Int, into map: FrameMap, goingOn: (Range<Int>) -> Bool = { _ in true }) throws(KernelError) {
    map.fill(0..<FrameMap.frameCount, FrameState(.absent, .none))
    let first = UInt64(section) * UInt64(FrameMap.frameCount)
    let memory = self.memory(from: first)
    guard !memory.isEmpty else { return }
    let sectionMap = try sparseMemory.map(of: section)
    if let sectionMap {
      try scan(map, memory, sectionMap.base, firstFrame: first, goingOn)
    } else {
      map.fill(0..<FrameMap.frameCount, FrameState(.kernel, .none))
    }
    cut(map, to: memory)
    if let sectionMap, !sectionMap.isKnown { hold(map, first..<first + UInt64(FrameMap.frameCount), .unknownFlags, firstFrame: first) }
    hold(map, X86_64.lowMemory.lowerBound.rawValue..<X86_64.lowMemory.upperBound.rawValue, .lowMemory, firstFrame: first)
    structures.forEach(in: first..<first + UInt64(FrameMap.frameCount)) { hold(map, $0, .structures, firstFrame: first) }
    taken.forEach(in: first..<first + UInt64(FrameMap.frameCount)) { hold(map, $0, .taken, firstFrame: first) }
  }

  private func scan(
    _ map: FrameMap, _ memory: [Range<Int>], _ base: UInt64, firstFrame: UInt64, _ goingOn: (Range<Int>) -> Bool
  ) throws(KernelError) {
    var scan = SectionScan(classifier, map, firstFrame: firstFrame, base: base, memory: memory)
    for start in stride(from: 0, to: FrameMap.frameCount, by: StructPages.pieceCount) {
      let piece = start..<start + StructPages.pieceCount
      // Where there is no memory there may be no struct pages either.
      guard memory.contains(where: { $0.overlaps(piece) }) else {
        scan.skip(piece)
        continue
      }
      // First, since the piece's own struct pages are valid only until the next read.
      if start == 0 { try resumeGiant(&scan, at: firstFrame, base) }
      try pages.load(structPage(firstFrame &+ UInt64(start), base), with: translation)
      scan.classify(pages, piece)
      guard goingOn(piece) else { return }
    }
  }

  private func structPage(_ pfn: UInt64, _ base: UInt64) -> UInt64 { base &+ pfn &* UInt64(classifier.layout.size) }

  /// If a huge page of an earlier section reaches into this one, goes on with it. Only huge pages of 1 GiB are larger than a section.
  @inline(never)
  private func resumeGiant(_ scan: inout SectionScan, at pfn: UInt64, _ base: UInt64) throws(KernelError) {
    try giantHead.load(structPage(pfn, base), with: translation)
    // Where struct pages share memory, the section's first may be the head again (`SectionScan.isSharedHead`).
    let place = giantHead.page(0).isTail ? 0 : 1
    let tail = giantHead.page(place)
    guard tail.isTail, let head = loadGiantHead(of: tail, at: pfn + UInt64(place), base), head < pfn,
      let compound = classifier.compound(giantHead, head: 0), pfn - head < 1 << UInt64(compound.order)
    else { return }
    scan.resume(giantHead.page(0), compound, head: head)
  }

  /// Follows a tail page at the start of a section to the head of its huge page, and loads the head's struct pages into `giantHead`.
  /// Returns the head's PFN; nil if the tail leads to no head.
  @inline(never)
  private func loadGiantHead(of tail: StructPage, at pfn: UInt64, _ base: UInt64) -> UInt64? {
    let size = UInt64(classifier.layout.size)
    let link = tail.compoundHead & ~1
    let address = structPage(pfn, base)
    // A mask is ones and then zeros (since 7.1); anything else is the head's address.
    let isMask = ~link & (~link &+ 1) == 0
    let offset = (isMask ? address & link : link) &- base
    let head = offset / size
    guard offset % size == 0, head < pfn, pfn - head < 1 << UInt64(Compound.highestOrder), head % UInt64(FrameMap.frameCount) == 0
    else { return nil }
    do throws(KernelError) {
      guard try sparseMemory.map(of: Int(head) / FrameMap.frameCount)?.base == base else { return nil }
      try giantHead.load(structPage(head, base), with: translation)
    } catch { return nil }
    return head
  }

  /// The PFNs of a section that the vmcore holds.
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
      map.fill(place..<range.lowerBound, FrameState(.absent, .none))
      place = range.upperBound
    }
    map.fill(place..<FrameMap.frameCount, FrameState(.absent, .none))
  }

  /// Holds back those frames of a range that are memory of the section.
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
    for image in core.image { structures.insert(image.lowerBound.rawValue..<image.upperBound.rawValue) }
    let bytes = UInt64(FrameMap.frameCount) * UInt64(classifier.layout.size)
    for range in sectionRanges {
      for section in range {
        sparseMemory.addFrames(of: section, to: &structures)
        do throws(KernelError) {
          guard let base = try sparseMemory.map(of: section)?.base else { continue }
          translation.addFrames(of: base &+ UInt64(section) &* bytes, count: bytes, to: &structures)
        } catch {}
      }
    }
  }
}
