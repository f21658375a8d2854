import KernelFixtures
import Testing

@testable import CrashedKernel

@Suite("Page cache and memory of processes")
struct ProcessPageTests {
  typealias Mappings = FakeKernel.Mappings

  @Test("page cache is cache, with private data private cache", arguments: KernelSeries.allCases)
  func cache(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeCache(0x7000)
    kernel.makeCache(0x7001, mapped: Mappings(each: [3]))
    kernel.makeCache(0x7002, hasPrivateData: true)
    let found = try Classified(kernel)
    #expect(found[0x7000..<0x7002] == FrameState(.cache, .none))
    #expect(found[0x7002] == FrameState(.privateCache, .none))
  }

  @Test("anonymous memory is a process's, mapped, or in the swap cache, or both", arguments: KernelSeries.allCases)
  func anonymous(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeAnonymous(0x7000)
    kernel.makeAnonymous(0x7001, mapped: Mappings(each: [0]), isInSwapCache: true)
    kernel.makeAnonymous(0x7002, mapped: Mappings(each: [2]), isInSwapCache: true)
    #expect(try Classified(kernel)[0x7000..<0x7003] == FrameState(.user, .none))
  }

  @Test("one reference more than is explained holds a page back", arguments: KernelSeries.allCases, [1, 1024] as [UInt32])
  func references(series: KernelSeries, unexplained: UInt32) throws {
    var kernel = FakeKernel(series)
    kernel.makeCache(0x7000, unexplained: unexplained)
    kernel.makeCache(0x7001, hasPrivateData: true, unexplained: unexplained)
    kernel.makeAnonymous(0x7002, unexplained: unexplained)
    kernel.makeAnonymous(0x7003, mapped: Mappings(each: [0]), unexplained: unexplained)
    let found = try Classified(kernel)
    #expect(found[0x7000] == FrameState(.cache, .references))
    #expect(found[0x7001] == FrameState(.privateCache, .references))
    #expect(found[0x7002..<0x7004] == FrameState(.user, .references))
  }

  @Test("a page that somebody is at work on is held back", arguments: KernelSeries.allCases)
  func work(series: KernelSeries) throws {
    let reasons: [(UInt64, HoldReason)] = [
      (series.flags.locked, .locked), (series.flags.writeback, .writeback), (series.flags.reserved, .reserved),
      (series.flags.poisoned, .poisoned),
    ]
    for (flag, reason) in reasons {
      var kernel = FakeKernel(series)
      kernel.makeCache(0x7000)
      kernel.makeAnonymous(0x7001)
      kernel.makeCache(0x7004, order: 2)
      kernel.makeAnonymous(0x7008, order: 2, mapped: Mappings(whole: 1))
      kernel.makeHugetlb(0x7200)
      for pfn in [0x7000, 0x7001, 0x7004, 0x7008, 0x7200] as [UInt64] { kernel.change(pfn) { $0.flags |= flag } }
      let found = try Classified(kernel)
      #expect(found[0x7000] == FrameState(.cache, reason))
      #expect(found[0x7001] == FrameState(.user, reason))
      #expect(found[0x7004..<0x7008] == FrameState(.cache, reason))
      #expect(found[0x7008..<0x700c] == FrameState(.user, reason))
      #expect(found[0x7200..<0x7400] == FrameState(.hugetlb, reason))
    }
  }

  @Test("a mapping that is no file's and not plainly anonymous holds a page back")
  func mapping() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeCache(0x7000)
    kernel.change(0x7000) { $0.mapping = 0 }
    kernel.makeCache(0x7001)
    kernel.change(0x7001) { $0.mapping |= 2 }
    kernel.makeAnonymous(0x7002)
    kernel.change(0x7002) { $0.mapping |= 2 }
    let found = try Classified(kernel)
    #expect(found[0x7000..<0x7002] == FrameState(.cache, .mapping))
    #expect(found[0x7002] == FrameState(.user, .mapping))
  }

  @Test("what can't be evicted may be a guest's memory, or a device's by a process's hand", arguments: KernelSeries.allCases)
  func unevictable(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeCache(0x7000)
    kernel.makeCache(0x7001)
    kernel.makeAnonymous(0x7002)
    for pfn in [0x7000, 0x7001, 0x7002] as [UInt64] { kernel.change(pfn) { $0.flags |= series.flags.swapBacked << 1 } }
    kernel.change(0x7001) { $0.flags |= series.flags.swapBacked }
    let found = try Classified(kernel)
    #expect(found[0x7000] == FrameState(.cache, .unevictable))
    #expect(found[0x7001] == FrameState(.cache, .unevictable))
    #expect(found[0x7002] == FrameState(.user, .unevictable))
  }

  @Test("a page under a count that can't be right is held back", arguments: [0x8000_0000, 0x0200_0000, 0xf600_0000] as [UInt32])
  func implausibleCount(mapcount: UInt32) throws {
    var kernel = FakeKernel(.v6_1)
    kernel.makeCache(0x7000)
    kernel.change(0x7000) {
      $0.mapcount = mapcount
      $0.refcount = mapcount &+ 2
    }
    #expect(try Classified(kernel)[0x7000] == FrameState(.cache, .references))
  }

  @Test(
    "memory of a process that somebody waits for is slab to makedumpfile where there is no flag of that name",
    arguments: KernelSeries.allCases)
  func waiters(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeAnonymous(0x7000)
    kernel.makeCache(0x7001)
    for pfn in [0x7000, 0x7001] as [UInt64] { kernel.change(pfn) { $0.flags |= 1 << 7 } }
    let found = try Classified(kernel)
    #expect(found[0x7000] == FrameState(.user, series.flags.slab == 0 ? .locked : .none))
    #expect(found[0x7001] == FrameState(.cache, .none))
  }

  @Test(
    "6.10 and 6.11 have a bit that is 0 for slab, and another for free",
    arguments: [
      (0xffff_efff, 0xffff_ff7f), (0xfdff_ffff, 0xbfff_ffff),
    ] as [(UInt32, UInt32)])
  func oneBitTypes(slab: UInt32, buddy: UInt32) throws {
    var kernel = FakeKernel(.v6_12)
    kernel.inform("NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)", "\(Int32(bitPattern: slab))")
    kernel.inform("NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)", "\(Int32(bitPattern: buddy))")
    kernel.makeFree(0x7000, order: 3)
    kernel.change(0x7000) { $0.mapcount = buddy }
    kernel.makeCache(0x7010)
    kernel.makeAnonymous(0x7011)
    kernel.makeAnonymous(0x7012)
    kernel.change(0x7012) { $0.mapcount = slab }
    let found = try Classified(kernel)
    #expect(found[0x7000..<0x7008] == FrameState(.free, .none))
    #expect(found[0x7010] == FrameState(.cache, .none))
    #expect(found[0x7011] == FrameState(.user, .none))
    #expect(found[0x7012].frameClass != .user)
  }

  @Test("slab, offline, unaccepted, broken and reserved pages are never taken", arguments: KernelSeries.allCases)
  func others(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeSlab(0x7000)
    kernel.makeSlab(0x7008, order: 3)
    kernel.makeTyped(0x7010, series.types.offline)
    kernel.change(0x7011) { $0.flags |= series.flags.poisoned }
    kernel.change(0x7012) { $0.flags |= series.flags.reserved }
    let found = try Classified(kernel)
    #expect(found[0x7000..<0x7010] == FrameState(.kernel, .none))
    #expect(found[0x7010] == FrameState(.offline, .none))
    #expect(found[0x7011] == FrameState(.poisoned, .none))
    #expect(found[0x7012] == FrameState(.kernel, .none))
  }

  @Test("a block of unaccepted memory is not touched")
  func unaccepted() throws {
    var kernel = FakeKernel(.v7)
    kernel.makeTyped(0x6800, 0xf700_0000)
    let found = try Classified(kernel)
    #expect(found[0x6800..<0x6c00] == FrameState(.unaccepted, .none))
    #expect(found[0x6c00] == FrameState(.kernel, .none))
  }
}
