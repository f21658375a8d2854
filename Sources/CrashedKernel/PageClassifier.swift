/// Tells what a page is, and whether it is safe to write, from its `struct page`.
///
/// The classes, and the order in which they are asked for, are makedumpfile's (`__exclude_unnecessary_pages`, makedumpfile.c
/// 1.7.8), so that nothing is taken that it keeps. What holds a page back is stricter than that.
struct PageClassifier {
  let layout: PageLayout
  private var flags: PageFlags { layout.pageFlags }

  /// A page, or the first of several, and what they are.
  struct Verdict {
    var order: Int
    var state: FrameState
  }

  /// What the page is that is no tail page.
  ///
  /// - Parameters:
  ///   - page: its struct page.
  ///   - firstTail: for a compound page's head, the flags of the page after it, and its order and destructor there.
  func verdict(_ page: StructPage, _ compound: Compound?) -> Verdict {
    if page.mapcount == layout.buddy, !isSlab(page) { return freeBlock(page) }
    // A head whose extent makes no sense: nothing is known of what belongs to it.
    if page.flags & flags.head != 0, compound == nil { return Verdict(order: 0, state: FrameState(.kernel)) }
    let order = compound?.order ?? 0
    if isCache(page), !isAnonymous(page) {
      let hasPrivate = page.flags & flags.privateData != 0
      return Verdict(order: order, state: FrameState(hasPrivate ? .privateCache : .cache, cacheHold(page, order)))
    }
    if isHugetlb(page, compound) { return Verdict(order: order, state: FrameState(.hugetlb, hugetlbHold(page, order))) }
    if isAnonymous(page) { return Verdict(order: order, state: FrameState(.user, userHold(page, order))) }
    if page.flags & flags.poisoned != 0 { return Verdict(order: order, state: FrameState(.poisoned)) }
    if let offline = layout.offline, page.mapcount == offline { return Verdict(order: 0, state: FrameState(.offline)) }
    if let type = layout.unaccepted, page.mapcount == type { return Verdict(order: 0, state: FrameState(.offline)) }
    return Verdict(order: 0, state: FrameState(.kernel))
  }

  /// The parts of a compound page that are in its first tail page.
  struct Compound {
    let order: Int
    let isHugetlb: Bool
  }

  /// The compound page that begins at a page, if its order makes sense there; `place` is the page's own, in the section.
  func compound(_ head: StructPage, tail: StructPage, orderByte: UInt8?, destructor: UInt8?, at place: Int) -> Compound? {
    guard head.flags & flags.head != 0, tail.isTail else { return nil }
    let order = Int(orderByte ?? UInt8(truncatingIfNeeded: tail.flags))
    // A 1 GiB page is longer than a section; its parts are found by its later sections' tails, and left alone.
    guard order > 0, order <= 15, place & ((1 << order) - 1) == 0 else { return nil }
    let byDestructor = layout.hugetlbDestructor != nil && layout.compoundDestructor != nil && destructor == layout.hugetlbDestructor
    return Compound(order: order, isHugetlb: byDestructor || tail.flags & layout.hugetlbFlag != 0)
  }

  /// Whether a page inside a free block is as free as the block says: nobody holds it, and it has no type and no list.
  func isFreeTail(_ page: StructPage) -> Bool {
    page.refcount == 0 && page.mapcount == UInt32.max && page.flags & (flags.lru | flags.poisoned | flags.locked) == 0
      && !page.isTail
  }

  // MARK: Classes

  private func freeBlock(_ page: StructPage) -> Verdict {
    guard page.privateData < layout.orders else { return Verdict(order: 0, state: FrameState(.kernel)) }
    var hold = HoldReason.none
    if page.refcount != 0 || page.flags & (flags.lru | flags.locked) != 0 { hold = .contradictory }
    if page.flags & flags.poisoned != 0 { hold = .poisoned }
    return Verdict(order: Int(page.privateData), state: FrameState(.free, hold))
  }

  private func isSlab(_ page: StructPage) -> Bool {
    page.flags & flags.slab != 0 || layout.slab.map { $0 >> 24 == page.mapcount >> 24 } ?? false
  }

  private func isCache(_ page: StructPage) -> Bool {
    if page.flags & flags.lru != 0 { return true }
    return page.flags & flags.swapCache != 0 && page.flags & flags.swapBacked != 0
  }

  /// `PAGE_MAPPING_ANON`, bit 0 of `mapping` (include/linux/page-flags.h).
  private func isAnonymous(_ page: StructPage) -> Bool { page.mapping & 1 != 0 && !isSlab(page) }

  private func isHugetlb(_ page: StructPage, _ compound: Compound?) -> Bool {
    if let type = layout.hugetlb { return page.mapcount == type }
    return compound?.isHugetlb ?? false
  }

  // MARK: What holds a page back

  private func commonHold(_ page: StructPage) -> HoldReason {
    guard let unnamed = flags.unnamed else { return .unknownFlags }
    if page.flags & flags.poisoned != 0 { return .poisoned }
    if page.flags & flags.locked != 0 { return .locked }
    if page.flags & unnamed.writeback != 0 { return .writeback }
    if page.flags & unnamed.reserved != 0 { return .reserved }
    return .none
  }

  /// The page cache holds a reference, each mapping one, private data one (`folio_expected_ref_count` since 6.16, and
  /// `is_page_cache_freeable` in mm/vmscan.c before).
  private func cacheHold(_ page: StructPage, _ order: Int) -> HoldReason {
    let hold = commonHold(page)
    guard hold == .none else { return hold }
    guard order == 0 else { return .compound }
    guard page.mapping != 0, page.mapping & 3 == 0 else { return .mapping }
    let owners: UInt64 = 1 + (page.flags & flags.privateData != 0 ? 1 : 0)
    return explains(page, owners) ? .none : .references
  }

  /// Each mapping of an anonymous page holds a reference, the swap cache one.
  private func userHold(_ page: StructPage, _ order: Int) -> HoldReason {
    let hold = commonHold(page)
    guard hold == .none else { return hold }
    guard order == 0 else { return .compound }
    guard page.mapping & 3 == 1 else { return .mapping }
    let owners: UInt64 = page.flags & flags.swapCache != 0 && page.flags & flags.swapBacked != 0 ? 1 : 0
    return explains(page, owners) ? .none : .references
  }

  /// A huge page in its pool has no reference; one in use has several, which can't be told apart from here.
  private func hugetlbHold(_ page: StructPage, _ order: Int) -> HoldReason {
    let hold = commonHold(page)
    guard hold == .none else { return hold }
    return order > 0 && page.refcount == 0 ? .none : .compound
  }

  /// Whether the reference count is that of the owners and of the mappings, `_mapcount + 1`, and is not 0.
  private func explains(_ page: StructPage, _ owners: UInt64) -> Bool {
    let mappings = UInt64(page.mapcount &+ 1)
    guard mappings < 1 << 24 else { return false }
    return page.refcount > 0 && UInt64(page.refcount) == owners + mappings
  }
}
