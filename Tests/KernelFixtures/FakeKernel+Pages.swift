/// Pages of each use, as each kernel encodes them.
extension FakeKernel {
  private var flags: KernelSeries.Flags { series.flags }

  /// A free block, as `set_buddy_order` and `__free_one_page` (mm/page_alloc.c) make it.
  public mutating func makeFree(_ pfn: UInt64, order: Int) {
    for tail in pfn..<pfn + 1 << order {
      var page = Page()
      page.refcount = 0
      set(tail, page)
    }
    var head = page(pfn)
    head.mapcount = series.types.buddy
    head.privateData = UInt64(order)
    set(pfn, head)
  }

  /// The mappings of a large folio: as a whole, and of each page.
  public struct Mappings {
    public var whole: UInt32 = 0
    public var each: [UInt32] = []

    public init(whole: UInt32 = 0, each: [UInt32] = []) {
      self.whole = whole
      self.each = each
    }

    var total: UInt32 { whole + each.reduce(0, +) }
  }

  /// A buffer of a page: `b_state` and `b_size` (include/linux/buffer_head.h).
  public struct Buffer: Sendable {
    public var state: UInt64
    /// nil for the size with which the buffers fill their page or folio.
    public var size: UInt64?

    /// `BH_Uptodate`, `BH_Req` and `BH_Mapped`: no I/O.
    public init(state: UInt64 = 1 << 0 | 1 << 3 | 1 << 4, size: UInt64? = nil) {
      self.state = state
      self.size = size
    }
  }

  /// Gives a page a ring of buffer heads; returns their physical addresses.
  @discardableResult
  public mutating func attach(_ buffers: [Buffer], to pfn: UInt64, order: Int = 0) -> [UInt64] {
    let places = buffers.indices.map { nextBufferHead + UInt64($0) * 128 }
    nextBufferHead += UInt64(buffers.count) * 128
    for (index, buffer) in buffers.enumerated() {
      core.put(buffer.state, at: places[index])
      core.put(directMap + places[(index + 1) % places.count], at: places[index] + 8)
      core.put(vmemmap + pfn * 64, at: places[index] + 16)
      core.put(buffer.size ?? 4096 << UInt64(order) / UInt64(buffers.count), at: places[index] + 32)
    }
    let first = directMap + places[0]
    change(pfn) { $0.privateData = first }
    return places
  }

  /// Page cache, one page or a large folio, with `unexplained` references beyond its own. Private data are buffers without I/O.
  public mutating func makeCache(
    _ pfn: UInt64, order: Int = 0, mapped: Mappings = Mappings(), hasPrivateData: Bool = false, unexplained: UInt32 = 0
  ) {
    var page = Page()
    page.flags = flags.lru | (hasPrivateData ? flags.privateData : 0)
    page.mapping = directMap + Self.fileMapping
    page.refcount = 1 << UInt32(order) + mapped.total + (hasPrivateData ? 1 : 0) + unexplained
    makeFolio(pfn, order, page, mapped)
    if hasPrivateData { attach([Buffer()], to: pfn, order: order) }
  }

  /// Anonymous memory, of one page or a large folio.
  public mutating func makeAnonymous(
    _ pfn: UInt64, order: Int = 0, mapped: Mappings = Mappings(each: [1]), isInSwapCache: Bool = false, unexplained: UInt32 = 0
  ) {
    var page = Page()
    page.flags = flags.lru | flags.swapBacked | (isInSwapCache ? flags.swapCache : 0)
    page.mapping = (directMap + 17 << 20) | 1
    page.refcount = mapped.total + (isInSwapCache ? 1 << UInt32(order) : 0) + unexplained
    makeFolio(pfn, order, page, mapped)
  }

  /// The use of a huge page of hugetlbfs.
  public enum HugetlbUse {
    /// Free, in its pool.
    case pool
    /// In a private mapping, shared by that many processes after forks.
    case anonymous(mapped: UInt32)
    /// In a file of hugetlbfs, mapped that many times.
    case file(mapped: UInt32)
  }

  public mutating func makeHugetlb(_ pfn: UInt64, order: Int = 9, _ use: HugetlbUse = .pool, unexplained: UInt32 = 0) {
    var page = Page()
    var mapped: UInt32 = 0
    page.refcount = unexplained
    switch use {
    case .pool: break
    case .anonymous(let count):
      mapped = count
      page.mapping = (directMap + 17 << 20) | 1
      page.refcount += count
    case .file(let count):
      mapped = count
      page.mapping = directMap + 17 << 20
      page.refcount += count + series.hugetlbCacheReferences(pages: 1 << UInt32(order))
    }
    if let type = series.types.hugetlb { page.mapcount = type }
    makeCompound(pfn, order, page, isHugetlb: true)
    putCounts(pfn, order, entire: mapped, large: mapped, pagesMapped: 0)
  }

  public mutating func makeSlab(_ pfn: UInt64, order: Int = 0) {
    var page = Page()
    page.flags = flags.slab
    // SLUB uses `mapping` for its own data, bit 0 included.
    page.mapping = 1
    if let type = series.types.slab { page.mapcount = type }
    if order == 0 { set(pfn, page) } else { makeCompound(pfn, order, page, isHugetlb: false) }
  }

  /// A page of which only the type is set.
  public mutating func makeTyped(_ pfn: UInt64, _ type: UInt32) {
    change(pfn) { $0.mapcount = type }
  }

  // MARK: Compound pages

  private mutating func makeFolio(_ pfn: UInt64, _ order: Int, _ page: Page, _ mapped: Mappings) {
    guard order > 0 else {
      var page = page
      page.mapcount = mapped.total &- 1
      return set(pfn, page)
    }
    makeCompound(pfn, order, page, isHugetlb: false)
    for (index, count) in mapped.each.enumerated() { change(pfn + UInt64(index)) { $0.mapcount = count &- 1 } }
    // Until 6.2 each page of a file's huge page also counted the mappings of the whole (`page_add_file_rmap`, mm/rmap.c).
    if series.hasOrderByte, page.mapping & 1 == 0, mapped.whole > 0 {
      for tail in pfn..<pfn + 1 << order { change(tail) { $0.mapcount = $0.mapcount &+ mapped.whole } }
    }
    let mappedPages = UInt32(mapped.each.filter { $0 > 0 }.count)
    putCounts(
      pfn, order, entire: mapped.whole, large: mapped.total,
      pagesMapped: mappedPages + (mapped.whole > 0 ? 0x80_0000 : 0))
  }

  /// Counts in the first tail page (include/linux/mm_types.h). All but the last are stored minus 1.
  private mutating func putCounts(_ pfn: UInt64, _ order: Int, entire: UInt32, large: UInt32, pagesMapped: UInt32) {
    let tail = structPage(pfn + 1)
    switch series {
    case .v5_10:
      core.put(entire &- 1, at: tail + 20)
      core.put(UInt32(1) << UInt32(order), at: tail + 24)
    case .v6_1:
      core.put(entire &- 1, at: tail + 20)
      core.put(UInt32(0), at: tail + 24)
      core.put(UInt32(1) << UInt32(order), at: tail + 28)
    case .v6_12:
      core.put(large &- 1, at: tail + 16)
      core.put(entire &- 1, at: tail + 20)
      core.put(pagesMapped, at: tail + 24)
    case .v7:
      core.put(large &- 1, at: tail + 16)
      core.put(pagesMapped, at: tail + 20)
      core.put(entire &- 1, at: tail + 24)
    }
  }

  /// A compound page whose head is `page`, as `prep_compound_page` of each kernel makes it (mm/page_alloc.c).
  public mutating func makeCompound(_ pfn: UInt64, _ order: Int, _ page: Page, isHugetlb: Bool) {
    var head = page
    head.flags |= flags.head
    set(pfn, head)
    for tail in pfn + 1..<pfn + 1 << order {
      var page = Page()
      page.compound = tailLink(to: pfn, order)
      page.refcount = 0
      set(tail, page)
    }
    if series.hasOrderByte {
      core.put(UInt8(isHugetlb ? 2 : 1), at: structPage(pfn + 1) + 16)
      core.put(UInt8(order), at: structPage(pfn + 1) + 17)
    } else {
      change(pfn + 1) { $0.flags = UInt64(order) }
    }
  }

  /// The value with which a tail page refers to its head.
  public func tailLink(to head: UInt64, _ order: Int) -> UInt64 {
    series.tailsHoldMask ? (UInt64.max << UInt64(order + 6)) | 1 : (vmemmap + head * 64) | 1
  }
}
