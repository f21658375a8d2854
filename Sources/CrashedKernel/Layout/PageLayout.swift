import Platform
import Vmcore

/// The layout of `struct page` in the crashed kernel, and the values in it that tell the class of a page: all from VMCOREINFO,
/// except for `PageFlags.unnamed`.
struct PageLayout {
  /// Bytes of a `struct page`.
  let size: Int
  let flags: Int
  let refcount: Int
  let mapping: Int
  let mapcount: Int
  let privateData: Int
  /// `compound_head`, since 7.1 `compound_info`; bit 0 says that this is a tail page.
  let compoundHead: Int
  let orderPlace: OrderPlace
  /// The byte of the first tail page that holds a compound page's destructor (until 6.5).
  let compoundDestructor: Int?
  let folioCounts: FolioCounts

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

  /// Where the first tail page has the order of its compound page.
  enum OrderPlace {
    /// Unknown: no compound page can be recognised.
    case unknown
    /// At a byte of its own (until 6.5).
    case byte(Int)
    /// In the low byte of its flags (since ebc1baf5c9b4, "mm: free up a word in the first tail page", 6.6).
    case flags
  }

  /// How the mappings of a large folio are counted in its first tail page (`Folio.mappings`).
  enum FolioCounts {
    case unknown
    case compoundMapcount
    case largeMapcount
  }

  let pageFlags: PageFlags
  /// Free blocks have orders below this (`MAX_ORDER` of old, `NR_PAGE_ORDERS` since 6.8).
  let orders: UInt64

  @inline(never)
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
    slab = Self.type("PAGE_SLAB_MAPCOUNT_VALUE", info)
    let hugetlb = Self.type("PAGE_HUGETLB_MAPCOUNT_VALUE", info)
    self.hugetlb = hugetlb
    offline = Self.type("PAGE_OFFLINE_MAPCOUNT_VALUE", info)
    unaccepted = Self.type("PAGE_UNACCEPTED_MAPCOUNT_VALUE", info)
    hugetlbDestructor = info.optionalNumber("HUGETLB_PAGE_DTOR").map { UInt8(truncatingIfNeeded: $0) }
    let flag = PageFlags.bit(info.optionalNumber("PG_hugetlb"))
    hugetlbFlag = flag
    let pageSize = size
    orderPlace = hugetlb != nil || flag != 0 ? .flags : Self.orderPlace(info, pageSize: pageSize)
    compoundDestructor = info.optionalOffset("folio._folio_dtor").map { $0 - pageSize } ?? info.optionalOffset("page.compound_dtor")
    folioCounts = Self.folioCounts(info, pageFlags, isTyped: hugetlb != nil)
    guard size >= 32, size <= 1024, size % 8 == 0 else { throw .implausible("SIZE(page)") }
    for offset in [flags, mapping, privateData, compoundHead] where offset > size - 8 || offset % 8 != 0 {
      throw .implausible("OFFSET(page.…)")
    }
    for offset in [refcount, mapcount] where offset > size - 4 || offset % 4 != 0 { throw .implausible("OFFSET(page.…)") }
    if let place = compoundDestructor, place < 0 || place >= size { throw .implausible("OFFSET(page.compound_dtor)") }
    if case .byte(let place) = orderPlace, place < 0 || place >= size { throw .implausible("OFFSET(page.compound_order)") }
    guard orders > 0, orders <= 16 else { throw .implausible("LENGTH(zone.free_area)") }
  }

  /// For a kernel without a type or a flag for huge pages; the keys are tried in makedumpfile's order (`__exclude_unnecessary_pages` and
  /// `initial`, makedumpfile.c 1.7.8).
  private static func orderPlace(_ info: VMCoreInfo, pageSize: Int) -> OrderPlace {
    if let place = info.optionalOffset("folio._folio_order") { return .byte(place - pageSize) }
    return info.optionalOffset("page.compound_order").map { .byte($0) } ?? .unknown
  }

  private static func folioCounts(_ info: VMCoreInfo, _ flags: PageFlags, isTyped: Bool) -> FolioCounts {
    switch flags.series {
    case .writeback15:
      // The counts follow these two bytes.
      let isKnown = info.optionalOffset("page.compound_dtor") == 16 && info.optionalOffset("page.compound_order") == 17
      return isKnown ? .compoundMapcount : .unknown
    case .writeback1: return isTyped ? .largeMapcount : .unknown
    case nil: return .unknown
    }
  }

  /// References that the page cache has to a huge page of hugetlbfs: one until 6.6, then one for each of its 4 KiB pages
  /// (a08c7193e4f1, "mm/filemap: remove hugetlb special casing in filemap.c", 6.7); nil for a kernel that may be either.
  func hugetlbCacheReferences(pages: UInt64) -> UInt64? {
    switch folioCounts {
    case .unknown: return nil
    case .compoundMapcount: return 1
    case .largeMapcount: return pages
    }
  }

  private static func type(_ name: Literal, _ info: VMCoreInfo) -> UInt32? {
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
  /// The flags that VMCOREINFO does not name; nil if the layout of `enum pageflags` is unknown.
  let unnamed: Unnamed?

  struct Unnamed {
    let reserved: UInt64
    let writeback: UInt64
    let unevictable: UInt64
  }

  /// The layouts of `enum pageflags` that are known, by the bit of `PG_writeback`.
  enum Series {
    /// 5.10 to 6.10, as seen in 5.10 and 6.1.
    case writeback15
    /// Since 6.11, as seen in 6.12 and 7.3.
    case writeback1
  }
  let series: Series?

  @inline(never)
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
    // Recognised by the flags that VMCOREINFO does name. Sources: include/linux/page-flags.h of 5.10, 6.1, 6.12 and 7.2.
    if lruBit == 4, privateBit == 13, headMask == 1 << 16 {
      series = .writeback15
      unnamed = Unnamed(reserved: 1 << 12, writeback: 1 << 15, unevictable: swapBacked << 1)
    } else if lruBit == 5, privateBit == 14, headMask == 1 << 6 {
      series = .writeback1
      unnamed = Unnamed(reserved: 1 << 13, writeback: 1 << 1, unevictable: swapBacked << 1)
    } else {
      series = nil
      unnamed = nil
    }
  }

  /// The mask of a bit number; 0 if there is no number, or an impossible one.
  static func bit(_ number: Int64?) -> UInt64 {
    guard let number, number >= 0, number < 64 else { return 0 }
    return 1 << UInt64(number)
  }
}
