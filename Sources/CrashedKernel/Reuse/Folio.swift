/// A compound page during the pass over its pages: a large folio of page cache or of anonymous memory, or a huge page.
struct Folio {
  private(set) var head: StructPage
  private(set) var compound: Compound
  var tails: Tails

  /// The sums over the pages passed so far.
  struct Tails {
    /// The flags of the tails.
    private(set) var flags: UInt64 = 0
    /// `_mapcount + 1` of all pages together, and how many pages have any.
    fileprivate private(set) var pageMappings: UInt64 = 0
    fileprivate private(set) var mappedPages: UInt64 = 0
    /// Whether each count was plausible.
    fileprivate private(set) var isPlausible = true

    fileprivate init(head: StructPage) { count(head) }

    /// Adds a tail page.
    @inline(__always)
    mutating func pass(_ tail: StructPage) {
      flags |= tail.flags
      count(tail)
    }

    @inline(__always)
    private mutating func count(_ page: StructPage) {
      let mappings = UInt64(page.mapcount &+ 1)
      if mappings == 0 { return }
      pageMappings += mappings
      mappedPages += 1
      if mappings > Folio.mostMappings { isPlausible = false }
    }
  }

  var pages: UInt64 { 1 << UInt64(compound.order) }

  /// The highest plausible number of mappings of a page.
  static var mostMappings: UInt64 { 1 << 24 }

  init(_ head: StructPage, _ compound: Compound) {
    self.head = head
    self.compound = compound
    tails = Tails(head: head)
  }

  /// Starts on another compound page, in place: copying the struct costs as much as passing some ten pages.
  mutating func begin(_ head: StructPage, _ compound: Compound) {
    self.head = head
    self.compound = compound
    tails = Tails(head: head)
  }

  // MARK: Mappings

  /// The number of page-table entries that map the folio or a part of it; nil if it is unknown.
  ///
  /// VMCOREINFO does not name the folio's counts, so they are trusted only if they agree with `_mapcount` of the single pages, which
  /// it does name.
  func mappings(_ layout: PageLayout) -> UInt64? {
    switch layout.folioCounts {
    case .unknown: return nil
    case .compoundMapcount: return mappingsByCompound
    case .largeMapcount: return mappingsByLarge
    }
  }

  private static func plusOne(_ count: UInt32) -> UInt64? {
    let mappings = UInt64(count &+ 1)
    return mappings <= mostMappings ? mappings : nil
  }

  /// Until 6.2: `compound_mapcount` at byte 20 of the first tail, followed by `compound_nr` (until 5.16), or by
  /// `compound_pincount` and then it (`struct page`, include/linux/mm_types.h). The sum is `total_mapcount`'s
  /// (mm/huge_memory.c): a file's single pages count mappings of the whole as well, an anonymous folio's do not, unless it is
  /// mapped both ways (`PG_double_map`), which is left alone.
  private var mappingsByCompound: UInt64? {
    let counts = compound.counts
    let isKnown = UInt64(counts.2) == pages || (UInt64(counts.3) == pages && counts.2 == 0)
    guard isKnown, let whole = Self.plusOne(counts.1) else { return nil }
    if compound.isHugetlb { return whole }
    guard tails.isPlausible else { return nil }
    if head.mapping & 1 != 0 { return whole == 0 ? tails.pageMappings : (tails.mappedPages == 0 ? whole : nil) }
    guard tails.pageMappings >= whole * pages else { return nil }
    return tails.pageMappings - whole * pages + whole
  }

  /// Since 6.10: `_large_mapcount` at byte 16 of the first tail is the sum. After it come `_entire_mapcount` and
  /// `_nr_pages_mapped` (until 6.14), or the other way round (include/linux/mm_types.h), and all must agree.
  private var mappingsByLarge: UInt64? {
    let counts = compound.counts
    guard let total = Self.plusOne(counts.0) else { return nil }
    guard agrees(total, entire: counts.1, pagesMapped: counts.2) || agrees(total, entire: counts.2, pagesMapped: counts.1)
    else { return nil }
    return total
  }

  private func agrees(_ total: UInt64, entire: UInt32, pagesMapped: UInt32) -> Bool {
    guard let whole = Self.plusOne(entire) else { return false }
    // The pages of a huge page are not counted one by one (`hugetlb_add_file_rmap`, include/linux/rmap.h).
    if compound.isHugetlb { return total == whole && pagesMapped == 0 }
    // `ENTIRELY_MAPPED` (mm/internal.h) is added while the whole is mapped at all.
    return tails.isPlausible && total == whole + tails.pageMappings
      && UInt64(pagesMapped) == tails.mappedPages + (whole > 0 ? 0x80_0000 : 0)
  }
}

/// The parts of a compound page that are in its first tail page.
struct Compound {
  let order: Int
  let isHugetlb: Bool
  /// The first tail page's `compound_head` or `compound_info`.
  let link: UInt64
  /// The four 32-bit numbers at byte 16 of the first tail page, which is where it has its counts.
  let counts: (UInt32, UInt32, UInt32, UInt32)

  /// A placeholder: no page is its tail.
  static var none: Compound { Compound(order: 0, isHugetlb: false, link: 0, counts: (0, 0, 0, 0)) }

  /// The highest order: a huge page of 1 GiB (`PUD_SHIFT`, arch/x86/include/asm/pgtable_64_types.h).
  static var highestOrder: Int { 18 }
}
