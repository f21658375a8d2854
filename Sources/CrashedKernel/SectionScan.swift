/// One pass over the struct pages of a section, piece by piece: blocks and compound pages reach from piece to piece.
struct SectionScan {
  private let classifier: PageClassifier
  private let map: FrameMap
  private let firstFrame: UInt64
  /// Where the struct page of PFN 0 would be.
  private let base: UInt64
  /// The places that are memory, sorted; those before `nextMemory` have been passed.
  private let memory: [Range<Int>]
  private var nextMemory = 0

  /// The block or compound page that is being passed.
  private var current = 0..<0
  private var kind = Kind.other
  private var state = FrameState(.kernel)
  private var folio: Folio?
  /// What a tail page of it holds: its head's address, or the mask that leads there.
  private var link: UInt64 = 0
  private var mask: UInt64 = 0
  /// The last page that was alone, and what it was: the next is often the same.
  private var alone = StructPage.none
  private var aloneState = FrameState(.kernel)

  private enum Kind {
    case freeBlock
    case folio
    /// Nothing that is ever used, so nothing is asked of its pages.
    case other
  }

  init(_ classifier: PageClassifier, _ map: FrameMap, firstFrame: UInt64, base: UInt64, memory: [Range<Int>]) {
    self.classifier = classifier
    self.map = map
    self.firstFrame = firstFrame
    self.base = base
    self.memory = memory
  }

  /// Passes places that have no memory. A block that reaches into them contradicts itself.
  mutating func skip(_ piece: Range<Int>) {
    if current.upperBound > piece.lowerBound { contradict() }
  }

  /// Classifies the frames of a piece, whose struct pages are given.
  mutating func classify(_ pages: StructPages, _ piece: Range<Int>) {
    var place = piece.lowerBound
    while place < piece.upperBound {
      if place < current.upperBound {
        place = pass(pages, from: place, to: min(piece.upperBound, current.upperBound), piece.lowerBound)
      } else {
        let end = piece.lowerBound + endOfSame(pages, from: place - piece.lowerBound)
        if place < end { map.fill(place..<end, aloneState) } else { begin(pages.page(place - piece.lowerBound), pages, at: place, in: piece) }
        place = max(end, place + 1)
      }
    }
  }

  // MARK: Inside a block

  /// Passes pages inside the current block: each must be what the block's first page says. Returns where it got to.
  private mutating func pass(_ pages: StructPages, from start: Int, to end: Int, _ first: Int) -> Int {
    switch kind {
    case .other: return end
    case .freeBlock:
      let busy = classifier.busyFlags
      let stop = first + pages.end(from: start - first, to: end - first) { PageClassifier.isFreeTail($1, busy) }
      guard stop == end else { return contradict(at: stop) }
    case .folio:
      guard var folio else { return end }
      let (link, mask) = (link, mask)
      let stop = first + pages.end(from: start - first, to: end - first) { place, page in
        guard page.compoundHead == link || page.compoundHead == mask || isSharedHead(page, of: folio, at: first + place) else { return false }
        folio.pass(page)
        return true
      }
      guard stop == end else { return contradict(at: stop) }
      self.folio = folio
      if end == current.upperBound { finish(folio) }
    }
    return end
  }

  /// Where the run of pages ends that are the same as the last that was alone.
  private func endOfSame(_ pages: StructPages, from start: Int) -> Int {
    let alone = alone
    return pages.end(from: start, to: pages.count) { $1.isSameAlone(as: alone) }
  }

  /// What the page at a place contradicts is held back; returns the place behind it.
  private mutating func contradict(at place: Int) -> Int {
    contradict()
    return place + 1
  }

  /// A huge page whose struct pages share memory shows its head's once more at the start of each page of them
  /// (`page_fixed_fake_head`, include/linux/page-flags.h, 5.18 to 7.0).
  private func isSharedHead(_ page: StructPage, of folio: Folio, at place: Int) -> Bool {
    guard folio.compound.isHugetlb, (place * classifier.layout.size) % 4096 == 0 else { return false }
    return page.flags == folio.head.flags && page.mapping == folio.head.mapping && page.compoundHead == folio.head.compoundHead
      && page.refcount == folio.head.refcount
  }

  private mutating func finish(_ folio: Folio) {
    guard state.hold == .compound else { return }
    state = FrameState(state.frameClass, classifier.hold(folio, state.frameClass))
    map.fill(current, state)
  }

  /// Holds back all of the current block: something in it is not what its first page says.
  private mutating func contradict() {
    guard kind != .other else { return }
    kind = .other
    guard state.hold == .none || state.hold == .compound else { return }
    state = FrameState(state.frameClass, .contradictory)
    map.fill(current, state)
  }

  // MARK: Where a block begins

  private mutating func begin(_ page: StructPage, _ pages: StructPages, at place: Int, in piece: Range<Int>) {
    guard !page.isTail else {
      // The head did not make sense, or lies in another section.
      map[place] = FrameState(.kernel)
      return
    }
    let compound = page.flags & classifier.layout.pageFlags.head != 0 ? compound(pages, at: place, in: piece) : nil
    let verdict = classifier.verdict(page, compound)
    if verdict.order == 0 {
      map[place] = verdict.state
      if page.flags & classifier.layout.pageFlags.head == 0, page.mapcount != classifier.layout.buddy {
        alone = page
        aloneState = verdict.state
      }
      return
    }
    let pfn = firstFrame + UInt64(place)
    guard pfn & ((1 << UInt64(verdict.order)) - 1) == 0, verdict.order <= 15 || verdict.state.frameClass == .hugetlb else {
      map[place] = FrameState(.kernel)
      return
    }
    start(verdict.state, place..<min(FrameMap.frameCount, place + 1 << verdict.order))
    if let compound, verdict.state.frameClass != .free { follow(Folio(page, compound), head: pfn) }
  }

  /// Goes on with a huge page that began in an earlier section.
  mutating func resume(_ page: StructPage, _ compound: Compound, head pfn: UInt64) {
    let verdict = classifier.verdict(page, compound)
    guard verdict.state.frameClass == .hugetlb else { return }
    start(verdict.state, 0..<FrameMap.frameCount)
    follow(Folio(page, compound), head: pfn)
  }

  private mutating func start(_ state: FrameState, _ range: Range<Int>) {
    self.state = state
    current = range
    switch state.frameClass {
    case .free: kind = .freeBlock
    case .cache, .privateCache, .user, .hugetlb: kind = .folio
    default: kind = .other
    }
    map.fill(range, state)
    while nextMemory < memory.count, memory[nextMemory].upperBound <= range.lowerBound { nextMemory += 1 }
    let isMemory = nextMemory < memory.count && memory[nextMemory].lowerBound <= range.lowerBound && range.upperBound <= memory[nextMemory].upperBound
    if !isMemory { contradict() }
  }

  private mutating func follow(_ folio: Folio, head pfn: UInt64) {
    self.folio = folio
    let size = UInt64(classifier.layout.size)
    link = (base &+ pfn &* size) | 1
    mask = (UInt64.max << (UInt64(folio.compound.order) + UInt64(size.trailingZeroBitCount))) | 1
  }

  /// The compound page that a page is the head of. Its first tail is in the same piece, since both are aligned.
  private func compound(_ pages: StructPages, at place: Int, in piece: Range<Int>) -> Compound? {
    guard place + 1 < piece.upperBound else { return nil }
    return classifier.compound(pages, head: place - piece.lowerBound)
  }
}
