/// Kernels with different layouts, as Debian builds them for x86-64.
public enum KernelSeries: CaseIterable, Sendable {
  case v5_10
  case v6_1
  case v6_12
  case v7

  /// Bits of `page->flags` (`enum pageflags`, include/linux/page-flags.h of each).
  public struct Flags: Sendable {
    public let locked: UInt64 = 1
    public let writeback, lru, head, swapCache, reserved, privateData, swapBacked, poisoned: UInt64
    /// 0 if slab pages have a type.
    public let slab: UInt64

    init(writeback: Int, lru: Int, head: Int, reserved: Int, privateData: Int, swapBacked: Int, poisoned: Int, slab: UInt64) {
      self.writeback = 1 << writeback
      self.lru = 1 << lru
      self.head = 1 << head
      swapCache = 1 << 10
      self.reserved = 1 << reserved
      self.privateData = 1 << privateData
      self.swapBacked = 1 << swapBacked
      self.poisoned = 1 << poisoned
      self.slab = slab
    }
  }

  public var flags: Flags {
    switch self {
    case .v5_10, .v6_1:
      return Flags(
        writeback: 15, lru: 4, head: 16, reserved: 12, privateData: 13, swapBacked: 19, poisoned: 23, slab: 1 << 9)
    case .v6_12, .v7:
      return Flags(
        writeback: 1, lru: 5, head: 6, reserved: 13, privateData: 14, swapBacked: 17, poisoned: 21, slab: 0)
    }
  }

  /// Values of `_mapcount` that are page types.
  public struct Types: Sendable {
    public let buddy, offline: UInt32
    public let slab, hugetlb, unaccepted: UInt32?
  }

  public var types: Types {
    switch self {
    // ~PG_buddy and ~PG_offline.
    case .v5_10, .v6_1: return Types(buddy: ~0x80, offline: ~0x100, slab: nil, hugetlb: nil, unaccepted: nil)
    // PGTY_* in the top byte.
    case .v6_12: return Types(buddy: 0xf000_0000, offline: 0xf100_0000, slab: 0xf500_0000, hugetlb: 0xf400_0000, unaccepted: nil)
    case .v7: return Types(buddy: 0xf000_0000, offline: 0xf100_0000, slab: 0xf500_0000, hugetlb: 0xf400_0000, unaccepted: 0xf700_0000)
    }
  }

  /// Whether a tail page has a mask that leads to its head's struct page, not the address (`compound_info`, since 7.1, with
  /// CONFIG_HUGETLB_PAGE_OPTIMIZE_VMEMMAP).
  public var tailsHoldMask: Bool { self == .v7 }

  /// Whether order and destructor have fields of their own in the first tail page (until 6.2).
  public var hasOrderByte: Bool { self == .v5_10 || self == .v6_1 }

  /// The number of references of the page cache to a huge page of hugetlbfs with `pages` pages: one until 6.6, then one for each page
  /// (`__filemap_add_folio`, mm/filemap.c).
  public func hugetlbCacheReferences(pages: UInt32) -> UInt32 { hasOrderByte ? 1 : pages }

  var release: String {
    switch self {
    case .v5_10: return "5.10.0-fake"
    case .v6_1: return "6.1.0-fake"
    case .v6_12: return "6.12.0-fake"
    case .v7: return "7.3.0-fake"
    }
  }

  /// The lines of VMCOREINFO about pages that differ between kernels.
  var information: [(String, String)] {
    func number(_ name: String, _ value: some BinaryInteger) -> (String, String) { ("NUMBER(\(name))", "\(value)") }
    func bit(_ mask: UInt64) -> Int { mask.trailingZeroBitCount }
    var lines = [
      number("PG_lru", bit(flags.lru)), number("PG_private", bit(flags.privateData)),
      number("PG_swapcache", bit(flags.swapCache)), number("PG_swapbacked", bit(flags.swapBacked)),
      number("PG_hwpoison", bit(flags.poisoned)), number("PG_head_mask", flags.head),
      number("PAGE_BUDDY_MAPCOUNT_VALUE", Int32(bitPattern: types.buddy)),
      number("PAGE_OFFLINE_MAPCOUNT_VALUE", Int32(bitPattern: types.offline)),
      (tailsHoldMask ? "OFFSET(page.compound_info)" : "OFFSET(page.compound_head)", "8"),
    ]
    if flags.slab != 0 { lines.append(number("PG_slab", bit(flags.slab))) }
    if hasOrderByte {
      lines += [("OFFSET(page.compound_dtor)", "16"), ("OFFSET(page.compound_order)", "17"), number("HUGETLB_PAGE_DTOR", 2)]
    }
    if let slab = types.slab { lines.append(number("PAGE_SLAB_MAPCOUNT_VALUE", Int32(bitPattern: slab))) }
    if let hugetlb = types.hugetlb { lines.append(number("PAGE_HUGETLB_MAPCOUNT_VALUE", Int32(bitPattern: hugetlb))) }
    if let unaccepted = types.unaccepted { lines.append(number("PAGE_UNACCEPTED_MAPCOUNT_VALUE", Int32(bitPattern: unaccepted))) }
    return lines
  }
}
