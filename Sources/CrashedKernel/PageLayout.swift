import Vmcore

/// The layout of `struct page` in the crashed kernel, and the values in it that tell what a page is: from VMCOREINFO alone,
/// but for the flags of `PageFlags.Layout`.
struct PageLayout {
  /// Bytes of a `struct page`.
  let size: Int
  let flags: Int
  let refcount: Int
  let mapping: Int
  let mapcount: Int
  let privateData: Int
  /// `compound_head`, since 7.x `compound_info`; bit 0 says that this is a tail page.
  let compoundHead: Int
  /// `compound_order` in the first tail page, a byte; nil where it is the low byte of that page's flags (since 6.6).
  let compoundOrder: Int?
  let compoundDestructor: Int?

  /// `_mapcount` of a free block's first page.
  let buddy: UInt32
  /// `_mapcount` of slab and hugetlb pages where they have a type (since 6.10 and 6.11).
  let slab: UInt32?
  let hugetlb: UInt32?
  let offline: UInt32?
  let unaccepted: UInt32?
  /// The `compound_dtor` of huge pages (until 6.6), and their flag in the first tail page (6.6 to 6.10).
  let hugetlbDestructor: UInt8?
  let hugetlbFlag: UInt64

  let pageFlags: PageFlags
  /// Free blocks have orders below this (`MAX_ORDER` of old, `NR_PAGE_ORDERS` since 6.8).
  let orders: UInt64

  init(_ info: VMCoreInfo) throws(KernelError) {
    do throws(MissingKey) {
      size = try info.size("page")
      flags = try info.offset("page.flags")
      refcount = try info.offset("page._refcount")
      mapping = try info.offset("page.mapping")
      mapcount = try info.offset("page._mapcount")
      privateData = try info.offset("page.private")
      if let offset = info.optionalOffset("page.compound_info") {
        compoundHead = offset
      } else {
        compoundHead = try info.offset("page.compound_head")
      }
      buddy = UInt32(truncatingIfNeeded: try info.number("PAGE_BUDDY_MAPCOUNT_VALUE"))
      orders = UInt64(try info.length("zone.free_area"))
      pageFlags = try PageFlags(info)
    } catch { throw .missing(error) }
    compoundOrder = info.optionalOffset("page.compound_order")
    compoundDestructor = info.optionalOffset("page.compound_dtor")
    slab = Self.type("PAGE_SLAB_MAPCOUNT_VALUE", info)
    hugetlb = Self.type("PAGE_HUGETLB_MAPCOUNT_VALUE", info)
    offline = Self.type("PAGE_OFFLINE_MAPCOUNT_VALUE", info)
    unaccepted = Self.type("PAGE_UNACCEPTED_MAPCOUNT_VALUE", info)
    hugetlbDestructor = info.optionalNumber("HUGETLB_PAGE_DTOR").map { UInt8(truncatingIfNeeded: $0) }
    hugetlbFlag = PageFlags.bit(info.optionalNumber("PG_hugetlb"))
    guard size >= 32, size <= 1024, size % 8 == 0 else { throw .implausible("SIZE(page)") }
    for offset in [flags, mapping, privateData, compoundHead] where offset > size - 8 || offset % 8 != 0 { throw .implausible("OFFSET(page.…)") }
    for offset in [refcount, mapcount] where offset > size - 4 || offset % 4 != 0 { throw .implausible("OFFSET(page.…)") }
    for offset in [compoundOrder ?? 0, compoundDestructor ?? 0] where offset >= size { throw .implausible("OFFSET(page.compound_…)") }
    guard orders > 0, orders <= 16 else { throw .implausible("LENGTH(zone.free_area)") }
  }

  private static func type(_ name: StaticString, _ info: VMCoreInfo) -> UInt32? {
    info.optionalNumber(name).map { UInt32(truncatingIfNeeded: $0) }
  }
}

/// Masks of the bits in `page->flags`.
struct PageFlags {
  let lru: UInt64
  let privateData: UInt64
  let swapCache: UInt64
  let swapBacked: UInt64
  let poisoned: UInt64
  let head: UInt64
  /// 0 where slab pages have a type instead (since 6.10).
  let slab: UInt64
  /// `PG_locked` is the first bit of every kernel's `enum pageflags` (include/linux/page-flags.h).
  let locked: UInt64 = 1
  /// Those that VMCOREINFO does not name; nil where the layout is none of the known ones.
  let unnamed: Unnamed?

  struct Unnamed {
    let reserved: UInt64
    let writeback: UInt64
  }

  init(_ info: VMCoreInfo) throws(MissingKey) {
    let lruBit = try info.number("PG_lru")
    let privateBit = try info.number("PG_private")
    let headMask = UInt64(bitPattern: try info.number("PG_head_mask"))
    lru = Self.bit(lruBit)
    privateData = Self.bit(privateBit)
    swapCache = Self.bit(try info.number("PG_swapcache"))
    swapBacked = Self.bit(info.optionalNumber("PG_swapbacked"))
    poisoned = Self.bit(info.optionalNumber("PG_hwpoison"))
    slab = Self.bit(info.optionalNumber("PG_slab"))
    head = headMask
    unnamed = Self.unnamed(lru: lruBit, privateData: privateBit, headMask: headMask)
  }

  /// The known layouts, recognised by what VMCOREINFO does give. Sources: include/linux/page-flags.h of 5.10 and 6.1 for the
  /// first (`PG_reserved` 12, `PG_writeback` 15), of 6.12 and 7.2 for the second (13 and 1; since 6.11).
  private static func unnamed(lru: Int64, privateData: Int64, headMask: UInt64) -> Unnamed? {
    if lru == 4, privateData == 13, headMask == 1 << 16 { return Unnamed(reserved: 1 << 12, writeback: 1 << 15) }
    if lru == 5, privateData == 14, headMask == 1 << 6 { return Unnamed(reserved: 1 << 13, writeback: 1 << 1) }
    return nil
  }

  /// The mask of a bit number; 0 if there is none or it can't be one.
  static func bit(_ number: Int64?) -> UInt64 {
    guard let number, number >= 0, number < 64 else { return 0 }
    return 1 << UInt64(number)
  }
}
