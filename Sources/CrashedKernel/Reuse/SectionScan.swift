import Vmcore

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

  /// The places of the block or compound page that is being passed.
  private var current = 0..<0
  private var kind = Kind.other
  private var state = FrameState(.kernel, .none)
  private var folio = Folio(.none, .none)
  /// The address of its head's struct page.
  private var folioAddress: UInt64 = 0
  /// The last order-0 page and its state: the next page is often the same.
  private var alone = StructPage.none
  private var aloneState = FrameState(.kernel, .none)

  private enum Kind {
    case freeBlock
    case folio
    /// Never reusable, so its pages are skipped.
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
        let page = pages.page(place - piece.lowerBound)
        if page.isSameAlone(as: alone) {
          let end = piece.lowerBound + endOfSame(pages, from: place - piece.lowerBound)
          map.fill(place..<end, aloneState)
          place = end
        } else {
          begin(page, pages, at: place, in: piece)
          place += 1
        }
      }
    }
  }

  // MARK: Inside a block

  /// Passes pages inside the current block: each must agree with the block's first page. Returns the next place to look at.
  private mutating func pass(_ pages: StructPages, from start: Int, to end: Int, _ first: Int) -> Int {
    switch kind {
    case .other: return end
    case .freeBlock:
      let busy = classifier.busyFlags
      let stop = first + pages.end(from: start - first, to: end - first) { PageClassifier.isFreeTail($1, busy) }
      guard stop == end else { return contradict(at: stop) }
    case .folio:
      let link = folio.compound.link
      var tails = folio.tails
      let stop =
        first
        + pages.end(from: start - first, to: end - first) { place, page in
          guard page.compoundHead == link || isSharedHead(pages, place) else { return false }
          tails.pass(page)
          return true
        }
      guard stop == end else { return contradict(at: stop) }
      folio.tails = tails
      if end == current.upperBound { finish() }
    }
    return end
  }

  /// The end of the run of pages that equal the last order-0 page.
  private func endOfSame(_ pages: StructPages, from start: Int) -> Int {
    let alone = alone
    return pages.end(from: start, to: pages.count) { $1.isSameAlone(as: alone) }
  }

  /// Holds back the current block, which the page at a place contradicts. Returns the next place.
  private mutating func contradict(at place: Int) -> Int {
    contradict()
    return place + 1
  }

  /// Where the struct pages of a huge page share memory, each 4 KiB of them begins with the head's again
  /// (`page_fixed_fake_head`, include/linux/page-flags.h, 5.18 to 7.0).
  @inline(never)
  private func isSharedHead(_ pages: StructPages, _ place: Int) -> Bool {
    // A piece begins at a page of struct pages, too.
    guard folio.compound.isHugetlb, UInt64(place * classifier.layout.size) % PFN.pageSize == 0 else { return false }
    let page = pages.page(place)
    return page.flags == folio.head.flags && page.mapping == folio.head.mapping && page.compoundHead == folio.head.compoundHead
      && page.refcount == folio.head.refcount
  }

  private mutating func finish() {
    guard state.hold == .compound else { return }
    state = classifier.lookingBehind(
      FrameState(state.frameClass, classifier.hold(folio, state.frameClass)), folio.head, at: folioAddress, pages: folio.pages)
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
      // Its head is implausible, or lies in another section.
      map[place] = FrameState(.kernel, .none)
      return
    }
    let compound = page.flags & classifier.layout.pageFlags.head != 0 ? compound(pages, at: place, in: piece) : nil
    let verdict = classifier.verdict(page, compound)
    let pfn = firstFrame + UInt64(place)
    if verdict.order == 0 {
      let state = classifier.lookingBehind(verdict.state, page, at: address(of: pfn), pages: 1)
      map[place] = state
      // Private data differs from page to page.
      if page.flags & classifier.layout.pageFlags.head == 0, page.mapcount != classifier.layout.buddy, state.frameClass != .privateCache {
        alone = page
        aloneState = state
      }
      return
    }
    guard pfn & ((1 << UInt64(verdict.order)) - 1) == 0, verdict.order <= 15 || verdict.state.frameClass == .hugetlb else {
      map[place] = FrameState(.kernel, .none)
      return
    }
    start(verdict.state, place..<min(FrameMap.frameCount, place + 1 << verdict.order))
    if let compound, verdict.state.frameClass != .free { follow(page, compound, pfn) }
  }

  /// Goes on with a huge page that began in an earlier section.
  mutating func resume(_ page: StructPage, _ compound: Compound, head pfn: UInt64) {
    let verdict = classifier.verdict(page, compound)
    guard verdict.state.frameClass == .hugetlb else { return }
    start(verdict.state, 0..<FrameMap.frameCount)
    follow(page, compound, pfn)
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
    let isMemory =
      nextMemory < memory.count && memory[nextMemory].lowerBound <= range.lowerBound && range.upperBound <= memory[nextMemory].upperBound
    if !isMemory { contradict() }
  }

  /// Starts the pass over a compound page. All tails must hold the first tail's link: the head's address or, since 7.1, a mask.
  private mutating func follow(_ head: StructPage, _ compound: Compound, _ pfn: UInt64) {
    let size = UInt64(classifier.layout.size)
    let address = address(of: pfn)
    folioAddress = address
    let mask = UInt64.max << (UInt64(compound.order) + UInt64(size.trailingZeroBitCount))
    guard compound.link == address | 1 || compound.link == mask | 1 else { return contradict() }
    folio.begin(head, compound)
  }

  /// The address of a page's struct page.
  private func address(of pfn: UInt64) -> UInt64 { base &+ pfn &* UInt64(classifier.layout.size) }

  /// The compound page that a page is the head of. Its first tail is in the same piece, since both are aligned.
  private func compound(_ pages: StructPages, at place: Int, in piece: Range<Int>) -> Compound? {
    guard place + 1 < piece.upperBound else { return nil }
    return classifier.compound(pages, head: place - piece.lowerBound)
  }
}
