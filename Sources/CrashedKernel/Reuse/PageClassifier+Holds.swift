/// What holds a page back that the dump leaves out: anything that is not fully explained may be a device at work.
///
/// A page that a device or the kernel itself uses has a reference for that: `get_user_pages` takes one, a pin takes 1,024 of a
/// small page (`GUP_PIN_COUNTING_BIAS`, include/linux/mm.h) and one of a large folio, besides its count of pins. So a page
/// is safe when its references are those of its page tables and of its cache, and no more (`folio_expected_ref_count`,
/// include/linux/mm.h, since 6.16; `is_page_cache_freeable`, mm/vmscan.c, in all).
extension PageClassifier {
  private var flags: PageFlags { layout.pageFlags }

  /// What holds back a page of page cache that is no part of a compound page.
  func cacheHold(_ page: StructPage) -> HoldReason {
    let hold = commonHold(page)
    guard hold == .none else { return hold }
    guard Self.isFile(page) else { return .mapping }
    return explains(page, owners: cacheReferences(page, pages: 1)) ? .none : .references
  }

  /// The same for anonymous memory.
  func userHold(_ page: StructPage) -> HoldReason {
    let hold = commonHold(page)
    guard hold == .none else { return hold }
    guard Self.isPlainlyAnonymous(page) else { return .mapping }
    return explains(page, owners: swapReferences(page, pages: 1)) ? .none : .references
  }

  /// The same for a compound page, after the pass over all of its pages.
  func hold(_ folio: Folio, _ frameClass: FrameClass) -> HoldReason {
    let head = folio.head
    let common = commonHold(head)
    guard common == .none else { return common }
    if folio.tails.flags & flags.poisoned != 0 { return .poisoned }
    let owners: UInt64
    switch frameClass {
    case .hugetlb:
      // A huge page in its pool has no user. One in use is held back even if all of its references are explained.
      if head.refcount == 0 { return head.mapping == 0 && folio.mappings(layout) ?? 0 == 0 ? .none : .references }
      if Self.isPlainlyAnonymous(head) {
        owners = 0
      } else if Self.isFile(head), let references = layout.hugetlbCacheReferences(pages: folio.pages) {
        owners = references
      } else {
        return Self.isFile(head) ? .compound : .mapping
      }
    case .user:
      guard Self.isPlainlyAnonymous(head) else { return .mapping }
      owners = swapReferences(head, pages: folio.pages)
    default:
      guard Self.isFile(head) else { return .mapping }
      owners = cacheReferences(head, pages: folio.pages)
    }
    let explained: HoldReason = frameClass == .hugetlb ? .hugetlb : .none
    // If the cache alone explains all references, there are no mappings: no term of the sum is negative.
    if owners > 0, UInt64(head.refcount) == owners { return explained }
    guard let mappings = folio.mappings(layout) else { return .compound }
    return head.refcount > 0 && UInt64(head.refcount) == owners + mappings ? explained : .references
  }

  private func commonHold(_ page: StructPage) -> HoldReason {
    guard let unnamed = flags.unnamed else { return .unknownFlags }
    if page.flags & flags.poisoned != 0 { return .poisoned }
    if page.flags & flags.locked != 0 { return .locked }
    if page.flags & unnamed.writeback != 0 { return .writeback }
    if page.flags & unnamed.reserved != 0 { return .reserved }
    // makedumpfile 1.7.8 takes PG_waiters, bit 7, for PG_slab where there is none (`get_value_for_old_linux`), and such a page of a
    // process for page cache or the kernel's. A waiter is a reason by itself.
    if flags.slab == 0, page.mapping & 1 != 0, page.flags & 1 << 7 != 0 { return .locked }
    // A confidential guest's own memory (guest_memfd, since 6.8), which the host must not write; ramfs; and what a process has locked in
    // memory, perhaps for a device that it drives itself.
    if page.flags & unnamed.unevictable != 0 { return .unevictable }
    return .none
  }

  /// Whether `mapping` is a file's: an address with neither of the bits that mean something else
  /// (`PAGE_MAPPING_FLAGS`, include/linux/page-flags.h).
  private static func isFile(_ page: StructPage) -> Bool { page.mapping != 0 && page.mapping & 3 == 0 }

  private static func isPlainlyAnonymous(_ page: StructPage) -> Bool { page.mapping & 3 == 1 && page.mapping != 1 }

  /// The page cache has a reference for each page, private data has one for all.
  private func cacheReferences(_ page: StructPage, pages: UInt64) -> UInt64 {
    pages + (page.flags & flags.privateData != 0 ? 1 : 0)
  }

  /// The swap cache has a reference for each page.
  private func swapReferences(_ page: StructPage, pages: UInt64) -> UInt64 {
    page.flags & flags.swapCache != 0 && page.flags & flags.swapBacked != 0 ? pages : 0
  }

  /// Whether the reference count is that of the owners and of the mappings, `_mapcount + 1`, and is not 0.
  private func explains(_ page: StructPage, owners: UInt64) -> Bool {
    let mappings = UInt64(page.mapcount &+ 1)
    guard mappings <= Folio.mostMappings else { return false }
    return page.refcount > 0 && UInt64(page.refcount) == owners + mappings
  }
}
