/// Tells from a `struct page` which class the page is of, and whether it is safe to write.
///
/// The classes, and the order in which they are asked for, are makedumpfile's (`__exclude_unnecessary_pages`, makedumpfile.c
/// 1.7.8), so that nothing is taken that it keeps. What holds a page back is stricter than that.
final class PageClassifier {
  let layout: PageLayout
  private let buffers: BufferHeads?
  private var flags: PageFlags { layout.pageFlags }

  /// Without buffer heads to look at, page cache that has private data is held back.
  init(layout: PageLayout, buffers: BufferHeads?) {
    self.layout = layout
    self.buffers = buffers
  }

  /// The state of `1 << order` pages, the first of which was asked for.
  struct Verdict {
    var order: Int
    var state: FrameState
  }

  /// The verdict on a page that is no tail page; `compound` is given for the head of a compound page. The hold of a compound page is
  /// `.compound` until all of its pages have been passed (`hold(_:_:)`).
  func verdict(_ page: StructPage, _ compound: Compound?) -> Verdict {
    if page.mapcount == layout.buddy, !isSlab(page) { return freeBlock(page) }
    // A head with an implausible order: which pages belong to it is unknown.
    if page.flags & flags.head != 0, compound == nil { return Verdict(order: 0, state: FrameState(.kernel, .none)) }
    let order = compound?.order ?? 0
    if isCache(page), !isAnonymous(page) {
      let hasPrivate = page.flags & flags.privateData != 0
      return Verdict(order: order, state: FrameState(hasPrivate ? .privateCache : .cache, order > 0 ? .compound : cacheHold(page)))
    }
    if compound?.isHugetlb ?? false { return Verdict(order: order, state: FrameState(.hugetlb, .compound)) }
    if isAnonymous(page) { return Verdict(order: order, state: FrameState(.user, order > 0 ? .compound : userHold(page))) }
    if page.flags & flags.poisoned != 0 { return Verdict(order: order, state: FrameState(.poisoned, .none)) }
    if let offline = layout.offline, page.mapcount == offline, !isSlab(page) {
      return Verdict(order: 0, state: FrameState(.offline, .none))
    }
    if let type = layout.unaccepted, page.mapcount == type {
      // Such memory comes in blocks of the highest order (`__free_unaccepted`, mm/page_alloc.c, since 6.5).
      return Verdict(order: Int(layout.orders) - 1, state: FrameState(.unaccepted, .none))
    }
    return Verdict(order: 0, state: FrameState(.kernel, .none))
  }

  /// Whether a page inside a free block is as free as the block says: nobody holds it, and it has no type and no list.
  @inline(__always)
  static func isFreeTail(_ page: StructPage, _ busyFlags: UInt64) -> Bool {
    page.refcount == 0 && page.mapcount == UInt32.max && page.flags & busyFlags == 0 && !page.isTail
  }

  /// Flags that no page inside a free block has.
  var busyFlags: UInt64 { flags.lru | flags.poisoned | flags.locked | flags.head }

  /// Reads the compound page whose head is at a place from its head and first tail; nil if they are implausible.
  func compound(_ pages: StructPages, head place: Int) -> Compound? {
    let (head, tail) = (pages.page(place), pages.page(place + 1))
    guard head.flags & flags.head != 0, tail.isTail else { return nil }
    let order: Int
    switch layout.orderPlace {
    case .unknown: return nil
    case .byte(let offset): order = Int(pages.byte(place + 1, at: offset))
    case .flags: order = Int(tail.flags & 0xff)
    }
    guard order > 0, order <= Compound.highestOrder else { return nil }
    return Compound(order: order, isHugetlb: isHugetlb(pages, head, tail, place), link: tail.compoundHead, counts: pages.counts(place + 1))
  }

  /// By the head's type (since 6.10), by a flag of the first tail (6.6 to 6.9), or by the destructor (until 6.5).
  private func isHugetlb(_ pages: StructPages, _ head: StructPage, _ tail: StructPage, _ place: Int) -> Bool {
    if let type = layout.hugetlb { return head.mapcount == type }
    if layout.hugetlbFlag != 0 { return tail.flags & layout.hugetlbFlag != 0 }
    guard let offset = layout.compoundDestructor, let destructor = layout.hugetlbDestructor else { return false }
    return pages.byte(place + 1, at: offset) == destructor
  }

  // MARK: Classes

  private func freeBlock(_ page: StructPage) -> Verdict {
    guard page.privateData < layout.orders else { return Verdict(order: 0, state: FrameState(.kernel, .none)) }
    var hold = HoldReason.none
    if page.refcount != 0 || page.isTail || page.flags & (flags.lru | flags.locked | flags.head) != 0 { hold = .contradictory }
    if page.flags & flags.poisoned != 0 { hold = .poisoned }
    return Verdict(order: Int(page.privateData), state: FrameState(.free, hold))
  }

  private func isSlab(_ page: StructPage) -> Bool {
    if page.flags & flags.slab != 0 { return true }
    guard let slab = layout.slab else { return false }
    // Since 6.12 a type is the top byte (commit 4ffca5a96678, "mm: support only one page_type per page").
    if slab & 0xff_ffff == 0 { return slab >> 24 == page.mapcount >> 24 }
    // In 6.10 and 6.11 a type is a bit that is clear, and the top bit says that it is no count (`PageType`, include/linux/page-flags.h).
    return page.mapcount & ~slab == 0 && page.mapcount >> 31 == 1
  }

  /// The state, held back if the page has private data that may be busy.
  ///
  /// - Parameters:
  ///   - page: the page, or a folio's head.
  ///   - address: the address of its struct page.
  func lookingBehind(_ state: FrameState, _ page: StructPage, at address: UInt64, pages: UInt64) -> FrameState {
    guard state == FrameState(.privateCache, .none) else { return state }
    guard let buffers, !buffers.mayBeBusy(page, at: address, pages: pages) else { return FrameState(.privateCache, .buffers) }
    return state
  }

  private func isCache(_ page: StructPage) -> Bool {
    if page.flags & flags.lru != 0 { return true }
    return page.flags & flags.swapCache != 0 && page.flags & flags.swapBacked != 0
  }

  /// `PAGE_MAPPING_ANON`, bit 0 of `mapping` (include/linux/page-flags.h).
  private func isAnonymous(_ page: StructPage) -> Bool { page.mapping & 1 != 0 && !isSlab(page) }
}
