/// A tiny crashed kernel: page tables, `mem_section`, and a `struct page` for each of its pages, as a vmcore file.
///
/// Its memory is 4 KiB to 636 KiB, and 1 MiB to `end`. Every page is in use by the kernel until a test changes it.
public struct FakeKernel {
  public let series: KernelSeries
  public let levels: Int
  public var core = FakeCore()
  /// The lines of VMCOREINFO; those with nil are left out.
  public var information: [(key: String, value: String?)] = []

  /// The number of sections of 128 MiB. The last has half of its memory.
  public let sections: Int
  public var end: UInt64 { UInt64(sections) << 27 - 64 << 20 }

  // Addresses: physical, and virtual without KASLR (Documentation/arch/x86/x86_64/mm.rst).
  public var directMap: UInt64 { levels == 5 ? 0xff11_0000_0000_0000 : 0xffff_8880_0000_0000 }
  public var vmemmap: UInt64 { levels == 5 ? 0xffd4_0000_0000_0000 : 0xffff_ea00_0000_0000 }
  static let textMap: UInt64 = 0xffff_ffff_8000_0000
  static let physicalBase: UInt64 = 4 << 20
  public static let topTable: UInt64 = 20 << 20
  public static let sectionArray: UInt64 = 18 << 20
  public static let sectionRoot: UInt64 = 19 << 20
  static let tables: UInt64 = 21 << 20
  /// The `struct address_space`s of a regular file and of a block device, each followed by its inode.
  public static let fileMapping: UInt64 = 17 << 20
  public static let deviceMapping: UInt64 = 17 << 20 + 512
  static let bufferHeads: UInt64 = 26 << 20
  var nextBufferHead = FakeKernel.bufferHeads
  static let structPages: UInt64 = 32 << 20
  private var nextTable = FakeKernel.tables

  public init(_ series: KernelSeries, levels: Int = 4, sections: Int = 2) {
    self.series = series
    self.levels = levels
    self.sections = sections
    core.segments = [
      .init(physical: 16 << 20, virtual: Self.textMap + (16 << 20) - Self.physicalBase, size: 8 << 20),
      .init(physical: 4096, virtual: directMap + 4096, size: 159 * 4096),
      .init(physical: 1 << 20, virtual: directMap + 1 << 20, size: end - 1 << 20),
    ]
    information = commonInformation + series.information.map { ($0.0, $0.1) }
    core.put(directMap + Self.sectionRoot, at: Self.sectionArray)
    for (mapping, mode) in [(Self.fileMapping, 0o100644), (Self.deviceMapping, 0o060660)] as [(UInt64, UInt16)] {
      core.put(directMap + mapping + 256, at: mapping)
      core.put(mode, at: mapping + 256)
    }
    for section in 0..<sections {
      // SECTION_MARKED_PRESENT, SECTION_HAS_MEM_MAP, SECTION_IS_ONLINE, and SECTION_IS_EARLY.
      core.put(vmemmap | 0b1111, at: Self.sectionRoot + UInt64(section) * 16)
      mapStructPages(of: section)
      fillStructPages(of: section)
    }
  }

  private var commonInformation: [(key: String, value: String?)] {
    func hex(_ number: UInt64) -> String { String(number, radix: 16) }
    return [
      ("OSRELEASE", series.release), ("PAGESIZE", "4096"),
      ("SYMBOL(swapper_pg_dir)", hex(Self.textMap + Self.topTable - Self.physicalBase)),
      ("SYMBOL(mem_section)", hex(directMap + Self.sectionArray)), ("LENGTH(mem_section)", levels == 5 ? "131072" : "2048"),
      ("SIZE(mem_section)", "16"), ("OFFSET(mem_section.section_mem_map)", "0"), ("NUMBER(SECTION_SIZE_BITS)", "27"),
      ("NUMBER(MAX_PHYSMEM_BITS)", levels == 5 ? "52" : "46"), ("SIZE(page)", "64"), ("OFFSET(page.flags)", "0"),
      ("OFFSET(page._refcount)", "52"), ("OFFSET(page.mapping)", "24"), ("OFFSET(page.lru)", "8"),
      ("OFFSET(page._mapcount)", "48"), ("OFFSET(page.private)", "40"), ("LENGTH(zone.free_area)", "11"),
      ("NUMBER(phys_base)", "\(Self.physicalBase)"), ("NUMBER(pgtable_l5_enabled)", levels == 5 ? "1" : "0"),
      ("NUMBER(sme_mask)", "0"),
    ]
  }

  /// Changes a line of VMCOREINFO; nil removes it.
  public mutating func inform(_ key: String, _ value: String?) {
    information.removeAll { $0.key == key }
    information.append((key, value))
  }

  /// The text of VMCOREINFO.
  public var informationText: String {
    information.map { line in line.value.map { "\(line.key)=\($0)\n" } ?? "" }.joined()
  }

  public func write(to path: String) throws {
    var core = core
    let text = informationText
    core.notes.insert(.init(name: "CORE", contents: [UInt8](repeating: 7, count: 336)), at: 0)
    core.notes.append(.init(name: "VMCOREINFO", contents: Array(text.utf8)))
    try core.write(to: path)
  }

  // MARK: Page tables

  /// Maps even sections with a page of 2 MiB, odd ones with 512 pages of 4 KiB.
  private mutating func mapStructPages(of section: Int) {
    let virtual = vmemmap + UInt64(section) << 21
    let physical = structPage(UInt64(section) << 15)
    if section % 2 == 0 {
      core.put(physical | 0xe3, at: entry(of: virtual, level: 2))
    } else {
      for page in 0..<UInt64(512) { core.put((physical + page * 4096) | 0x63, at: entry(of: virtual + page * 4096, level: 1)) }
    }
  }

  /// The physical address of the page-table entry of a level for a virtual address. Makes the tables above it.
  public mutating func entry(of virtual: UInt64, level: Int) -> UInt64 {
    var table = Self.topTable
    for above in stride(from: levels, to: level, by: -1) {
      let place = table + (virtual >> UInt64(12 + 9 * (above - 1)) & 511) * 8
      if core.number(at: place) == 0 {
        core.put(nextTable | 0x67, at: place)
        nextTable += 4096
      }
      table = core.number(at: place) & 0x000f_ffff_ffff_f000
    }
    return table + (virtual >> UInt64(12 + 9 * (level - 1)) & 511) * 8
  }

  // MARK: Struct pages

  private mutating func fillStructPages(of section: Int) {
    let first = structPage(UInt64(section) << 15) / 4096
    for pfn in first * 64 - Self.structPages / 64..<first * 64 - Self.structPages / 64 + 64 { set(pfn, Page()) }
    for page in 1..<UInt64(512) { core.memory[first + page] = core.memory[first] }
  }

  /// The fields of `struct page` that are read.
  public struct Page {
    public var flags: UInt64 = 0
    public var compound: UInt64 = 0
    public var mapping: UInt64 = 0
    public var privateData: UInt64 = 0
    public var mapcount: UInt32 = .max
    public var refcount: UInt32 = 1

    public init() {}
  }

  /// The physical address of a page's `struct page`.
  public func structPage(_ pfn: UInt64) -> UInt64 { Self.structPages + pfn * 64 }

  public mutating func set(_ pfn: UInt64, _ page: Page) {
    let address = structPage(pfn)
    var link = Bytes()
    link.append(page.flags)
    link.append(page.compound)
    core.put(link.bytes, at: address)
    core.put(page.mapping, at: address + 24)
    var counts = Bytes()
    counts.append(page.privateData)
    counts.append(page.mapcount)
    counts.append(page.refcount)
    core.put(counts.bytes, at: address + 40)
  }

  public func page(_ pfn: UInt64) -> Page {
    let address = structPage(pfn)
    var page = Page()
    page.flags = core.number(at: address)
    page.compound = core.number(at: address + 8)
    page.mapping = core.number(at: address + 24)
    page.privateData = core.number(at: address + 40)
    page.mapcount = UInt32(truncatingIfNeeded: core.number(at: address + 48))
    page.refcount = UInt32(truncatingIfNeeded: core.number(at: address + 48) >> 32)
    return page
  }

  /// Changes fields of a page's struct page.
  public mutating func change(_ pfn: UInt64, _ body: (inout Page) -> Void) {
    var page = page(pfn)
    body(&page)
    set(pfn, page)
  }
}

extension FakeKernel {
  /// The ranges of the written file in which damage matters.
  public var regions: [DamagedFile.Region] {
    func place(_ physical: UInt64, _ count: UInt64) -> Range<UInt64> {
      let offset = core.offset(ofPhysical: physical)!
      return offset..<offset + count
    }
    return [
      .init(name: "ELF headers", ranges: [0..<128 + 56 * UInt64(core.segments.count + 1)]),
      .init(name: "notes", ranges: [128 + 56 * UInt64(core.segments.count + 1)..<2500]),
      .init(name: "mem_section", ranges: [place(Self.sectionArray, 64), place(Self.sectionRoot, UInt64(sections) * 16)]),
      .init(name: "page tables", ranges: [place(Self.topTable, 4096), place(Self.tables, nextTable - Self.tables)]),
      .init(name: "struct pages", ranges: [place(Self.structPages, UInt64(sections) << 21)]),
      // Those that are not just the kernel's.
      .init(name: "struct pages in use", ranges: [place(structPage(0x6000), 0x1800 * 64), place(structPage(0x8000), 0x1800 * 64)]),
    ]
  }
}
