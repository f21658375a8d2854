/// One pass over the struct pages of a section, piece by piece: blocks and compound pages reach from piece to piece.
struct SectionScan {
  private let classifier: PageClassifier
  private let map: FrameMap
  private let firstFrame: UInt64
  /// The block or compound page that is being passed: where it ends, and where it began.
  private var current = 0..<0
  private var isFreeBlock = false
  private var state = FrameState(.kernel)

  init(_ classifier: PageClassifier, _ map: FrameMap, firstFrame: UInt64) {
    self.classifier = classifier
    self.map = map
    self.firstFrame = firstFrame
  }

  /// Passes places that have no memory. A block that reaches into them contradicts itself.
  mutating func skip(_ piece: Range<Int>) {
    if current.upperBound > piece.lowerBound { contradict() }
  }

  /// Classifies the frames of a piece, whose struct pages are given.
  mutating func classify(_ pages: StructPages, _ piece: Range<Int>) {
    var place = piece.lowerBound
    while place < piece.upperBound {
      let page = pages.page(place - piece.lowerBound)
      if place < current.upperBound {
        pass(page)
        place += 1
        continue
      }
      begin(page, pages, at: place, in: piece)
      place += 1
    }
  }

  /// A page inside the current block: it must be what the block's first page says.
  private mutating func pass(_ page: StructPage) {
    let agrees = isFreeBlock ? classifier.isFreeTail(page) : page.isTail
    if !agrees { contradict() }
  }

  private mutating func begin(_ page: StructPage, _ pages: StructPages, at place: Int, in piece: Range<Int>) {
    guard !page.isTail else {
      // The head did not make sense, or lies in another section.
      map.fill(place..<place + 1, FrameState(.kernel))
      return
    }
    let verdict = classifier.verdict(page, compound(page, pages, at: place, in: piece))
    let end = place + (1 << verdict.order)
    guard verdict.order == 0 || (place & ((1 << verdict.order) - 1) == 0 && end <= FrameMap.frameCount) else {
      map.fill(place..<place + 1, FrameState(.kernel))
      return
    }
    map.fill(place..<end, verdict.state)
    current = place..<end
    state = verdict.state
    isFreeBlock = verdict.state.frameClass == .free
  }

  /// The compound page that a page is the head of. Its first tail is in the same piece, since both are aligned.
  private func compound(_ page: StructPage, _ pages: StructPages, at place: Int, in piece: Range<Int>) -> PageClassifier.Compound? {
    guard place + 1 < piece.upperBound else { return nil }
    let next = place + 1 - piece.lowerBound
    let layout = classifier.layout
    return classifier.compound(
      page, tail: pages.page(next), orderByte: layout.compoundOrder.map { pages.byte(next, at: $0) },
      destructor: layout.compoundDestructor.map { pages.byte(next, at: $0) }, at: place)
  }

  /// Holds back all of the current block: something in it is not what its first page says.
  private mutating func contradict() {
    guard state.hold == .none else { return }
    state = FrameState(state.frameClass, .contradictory)
    map.fill(current, state)
  }
}
