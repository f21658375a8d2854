import KernelFixtures
import Testing

@testable import CrashedKernel

@Suite("Large folios and huge pages")
struct CompoundPageTests {
  typealias Mappings = FakeKernel.Mappings

  @Test("tail pages follow their head", arguments: KernelSeries.allCases, [1, 2, 9, 11])
  func tails(series: KernelSeries, order: Int) throws {
    var kernel = FakeKernel(series)
    kernel.makeCache(0x6800, order: order)
    let found = try Classified(kernel)
    #expect(found[0x6800..<0x6800 + 1 << UInt64(order)] == FrameState(.cache, .none))
    #expect(found[0x6800 + 1 << UInt64(order)] == FrameState(.kernel, .none))
  }

  @Test("large folios of page cache are explained, mapped as a whole, by parts, both or not at all", arguments: KernelSeries.allCases)
  func cache(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeCache(0x6000, order: 4, hasPrivateData: true)
    kernel.makeCache(0x6010, order: 4, mapped: Mappings(each: [0, 2, 1]))
    kernel.makeCache(0x6200, order: 9, mapped: Mappings(whole: 3))
    kernel.makeCache(0x6400, order: 9, mapped: Mappings(whole: 2, each: [1, 0, 4]))
    let found = try Classified(kernel)
    #expect(found[0x6000..<0x6010] == FrameState(.privateCache, .none))
    #expect(found[0x6010..<0x6020] == FrameState(.cache, .none))
    #expect(found[0x6200..<0x6600] == FrameState(.cache, .none))
  }

  @Test("large anonymous folios are explained, mapped as a whole, by parts, or in the swap cache", arguments: KernelSeries.allCases)
  func anonymous(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeAnonymous(0x6000, order: 9, mapped: Mappings(whole: 1))
    kernel.makeAnonymous(0x6200, order: 9, mapped: Mappings(whole: 5))
    kernel.makeAnonymous(0x6400, order: 9, mapped: Mappings(each: Array(repeating: 1, count: 512)))
    kernel.makeAnonymous(0x6600, order: 4, mapped: Mappings(each: [0, 0, 2]))
    kernel.makeAnonymous(0x6610, order: 4, mapped: Mappings(), isInSwapCache: true)
    let found = try Classified(kernel)
    #expect(found[0x6000..<0x6620] == FrameState(.user, .none))
  }

  @Test("one reference more than is explained holds all of a folio back", arguments: KernelSeries.allCases)
  func references(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeCache(0x6000, order: 4, unexplained: 1)
    kernel.makeCache(0x6010, order: 4, mapped: Mappings(each: [1, 1]), unexplained: 1)
    kernel.makeCache(0x6200, order: 9, mapped: Mappings(whole: 1), unexplained: 1)
    kernel.makeAnonymous(0x6400, order: 9, mapped: Mappings(whole: 1), unexplained: 1)
    kernel.makeAnonymous(0x6600, order: 9, mapped: Mappings(), unexplained: 1)
    kernel.makeAnonymous(0x6800, order: 9, mapped: Mappings(each: [1]), unexplained: 1)
    let found = try Classified(kernel)
    #expect(found[0x6000..<0x6020] == FrameState(.cache, .references))
    #expect(found[0x6200..<0x6400] == FrameState(.cache, .references))
    #expect(found[0x6400..<0x6a00] == FrameState(.user, .references))
  }

  @Test(
    "counts that contradict each other explain nothing",
    arguments: [
      (.v6_12, 16), (.v6_12, 20), (.v6_12, 24), (.v7, 16), (.v7, 20), (.v7, 24), (.v6_1, 28), (.v5_10, 24),
    ] as [(KernelSeries, UInt64)])
  func contradictoryCounts(series: KernelSeries, offset: UInt64) throws {
    var kernel = FakeKernel(series)
    kernel.makeAnonymous(0x6000, order: 9, mapped: Mappings(whole: 1))
    kernel.core.put(UInt32(77), at: kernel.structPage(0x6001) + offset)
    #expect(try Classified(kernel)[0x6000..<0x6200] == FrameState(.user, .compound))
  }

  @Test("a folio mapped both ways explains itself where the kernel counts both", arguments: KernelSeries.allCases)
  func bothWays(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeAnonymous(0x6000, order: 9, mapped: Mappings(whole: 1, each: [1, 1]))
    let expected: HoldReason = series.hasOrderByte ? .compound : .none
    #expect(try Classified(kernel)[0x6000..<0x6200] == FrameState(.user, expected))
  }

  @Test("a folio with a page that is no tail of its is held back, all of it", arguments: KernelSeries.allCases)
  func strangeTail(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeCache(0x6000, order: 4)
    kernel.change(0x6007) { $0.compound = 0 }
    kernel.makeCache(0x6010, order: 4)
    // A tail of another folio.
    let other = kernel.tailLink(to: 0x6000, 5)
    kernel.change(0x6017) { $0.compound = other }
    let found = try Classified(kernel)
    #expect(found[0x6000..<0x6020] == FrameState(.cache, .contradictory))
  }

  @Test("a folio one page of which is broken is held back, all of it")
  func brokenTail() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeCache(0x6000, order: 9)
    kernel.change(0x6100) { $0.flags |= 1 << 21 }
    #expect(try Classified(kernel)[0x6000..<0x6200] == FrameState(.cache, .poisoned))
  }

  @Test("a head whose order makes no sense is the kernel's, and so are its tails", arguments: KernelSeries.allCases, [0, 16, 200])
  func orders(series: KernelSeries, order: Int) throws {
    var kernel = FakeKernel(series)
    kernel.makeCache(0x4000, order: 4)
    if series.hasOrderByte {
      kernel.core.put(UInt8(order), at: kernel.structPage(0x4001) + 17)
    } else {
      kernel.change(0x4001) { $0.flags = UInt64(order) }
    }
    #expect(try Classified(kernel)[0x4000..<0x4010] == FrameState(.kernel, .none))
  }

  @Test("tails without a head are the kernel's")
  func headless() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeCache(0x6000, order: 3)
    kernel.set(0x6000, FakeKernel.Page())
    #expect(try Classified(kernel)[0x6000..<0x6008] == FrameState(.kernel, .none))
  }

  // MARK: hugetlbfs

  @Test("a huge page in its pool is nobody's; one of a process or a file may be a device's", arguments: KernelSeries.allCases)
  func hugetlb(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeHugetlb(0x6000)
    kernel.makeHugetlb(0x6200, .anonymous(mapped: 1))
    kernel.makeHugetlb(0x6400, .anonymous(mapped: 3))
    kernel.makeHugetlb(0x6600, .file(mapped: 0))
    kernel.makeHugetlb(0x6800, .file(mapped: 2))
    let found = try Classified(kernel)
    #expect(found[0x6000..<0x6200] == FrameState(.hugetlb, .none))
    #expect(found[0x6200..<0x6a00] == FrameState(.hugetlb, .hugetlb))
  }

  @Test("a huge page with a reference too many is held back", arguments: KernelSeries.allCases)
  func hugetlbReferences(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeHugetlb(0x6000, .anonymous(mapped: 1), unexplained: 1)
    kernel.makeHugetlb(0x6200, .file(mapped: 1), unexplained: 1)
    kernel.makeHugetlb(0x6400, .pool, unexplained: 1)
    let found = try Classified(kernel)
    #expect(found[0x6000..<0x6400] == FrameState(.hugetlb, .references))
    #expect(found[0x6400..<0x6600] == FrameState(.hugetlb, .mapping))
  }

  @Test("a huge page whose struct pages share memory shows its head again and again", arguments: [KernelSeries.v6_1, .v6_12])
  func sharedStructPages(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeHugetlb(0x6000)
    let first = kernel.structPage(0x6000) / 4096
    for page in 1..<UInt64(8) { kernel.core.memory[first + page] = kernel.core.memory[first] }
    #expect(try Classified(kernel)[0x6000..<0x6200] == FrameState(.hugetlb, .none))
  }

  @Test("a huge page of 1 GiB is known in each of its sections", arguments: [KernelSeries.v6_1, .v7])
  func giant(series: KernelSeries) throws {
    var kernel = FakeKernel(series, sections: 17)
    kernel.makeHugetlb(0x40000, order: 18)
    for section in [8, 9, 15] {
      let first = UInt64(section) << 15
      #expect(try Classified(kernel, section: section)[first..<first + 0x8000] == FrameState(.hugetlb, .none))
    }
    #expect(try Classified(kernel, section: 16)[0x80000] == FrameState(.kernel, .none))
    // One section of it is damaged; the others are not affected.
    kernel.change(0x50123) { $0.compound = 0 }
    #expect(try Classified(kernel, section: 10)[0x50000..<0x58000] == FrameState(.hugetlb, .contradictory))
    #expect(try Classified(kernel, section: 11)[0x58000..<0x60000] == FrameState(.hugetlb, .none))
  }

  @Test("a huge page of 1 GiB whose struct pages share memory is known in each of its sections", arguments: [KernelSeries.v6_1, .v6_12])
  func giantSharing(series: KernelSeries) throws {
    var kernel = FakeKernel(series, sections: 17)
    kernel.makeHugetlb(0x40000, order: 18)
    let first = kernel.structPage(0x40000) / 4096
    for page in 1..<UInt64(4096) { kernel.core.memory[first + page] = kernel.core.memory[first] }
    for section in [8, 9, 15] {
      let first = UInt64(section) << 15
      #expect(try Classified(kernel, section: section)[first..<first + 0x8000] == FrameState(.hugetlb, .none))
    }
  }

  @Test("a huge page at the start of a section is no more than it is", arguments: KernelSeries.allCases, [1, 9])
  func atSectionStart(series: KernelSeries, order: Int) throws {
    var kernel = FakeKernel(series)
    kernel.makeHugetlb(0x8000, order: order)
    kernel.makeFree(0x8400, order: 5)
    let found = try Classified(kernel, section: 1)
    #expect(found[0x8000..<0x8000 + 1 << UInt64(order)] == FrameState(.hugetlb, .none))
    #expect(found[0x8400..<0x8420] == FrameState(.free, .none))
  }

  @Test("a huge page of 1 GiB whose head can't be read leaves its sections alone")
  func giantWithoutHead() throws {
    var kernel = FakeKernel(.v6_12, sections: 17)
    kernel.makeHugetlb(0x40000, order: 18)
    kernel.makeFree(0x48000 + 0x4000, order: 5)
    // The head's section has no struct pages, but the tail pages after it lead there, as in a damaged section.
    kernel.core.put(UInt64(0), at: FakeKernel.sectionRoot + 8 * 16)
    let found = try Classified(kernel, section: 9)
    #expect(found[0x48000..<0x4c000] == FrameState(.kernel, .none))
    #expect(found[0x4c000..<0x4c020] == FrameState(.free, .none))
  }
}
