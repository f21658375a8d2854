import KernelFixtures
import Testing

@testable import CrashedKernel

@Suite("Free pages")
struct FreePageTests {
  @Test("a free block is free from its first page to its last", arguments: KernelSeries.allCases)
  func block(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeFree(0x7000, order: 4)
    let found = try Classified(kernel)
    #expect(found[0x7000..<0x7010] == FrameState(.free, .none))
    #expect(found[0x6fff] == FrameState(.kernel, .none))
    #expect(found[0x7010] == FrameState(.kernel, .none))
    #expect(found.count(FrameState(.free, .none)) == 16)
  }

  @Test("a block of the highest order is free, one of a higher order is not", arguments: KernelSeries.allCases)
  func orders(series: KernelSeries) throws {
    var kernel = FakeKernel(series)
    kernel.makeFree(0x7000, order: 10)
    kernel.makeFree(0x6000, order: 11)
    let found = try Classified(kernel)
    #expect(found[0x7000..<0x7400] == FrameState(.free, .none))
    #expect(found[0x6000..<0x6800] == FrameState(.kernel, .none))
  }

  @Test("a block that is not aligned to its size is the kernel's")
  func alignment() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeFree(0x7002, order: 2)
    #expect(try Classified(kernel)[0x7002..<0x7006] == FrameState(.kernel, .none))
  }

  @Test("struct pages are found with four and with five levels of page tables", arguments: [4, 5])
  func paging(levels: Int) throws {
    var kernel = FakeKernel(.v6_12, levels: levels)
    kernel.makeFree(0x7000, order: 0)
    kernel.makeFree(0x9000, order: 5)
    #expect(try Classified(kernel)[0x7000] == FrameState(.free, .none))
    #expect(try Classified(kernel, section: 1)[0x9000..<0x9020] == FrameState(.free, .none))
  }

  typealias Page = FakeKernel.Page
  @Test(
    "a block with a page in it that is not free is held back, all of it",
    arguments: [
      { $0.refcount = 1 }, { $0.mapcount = 0 }, { $0.flags |= 1 }, { $0.flags |= 1 << 5 }, { $0.flags |= 1 << 21 },
      { $0.compound = 0xffff_ffff_ffff_8001 },
    ] as [@Sendable (inout Page) -> Void])
  func contradiction(change: @Sendable (inout Page) -> Void) throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeFree(0x7000, order: 3)
    kernel.change(0x7005, change)
    #expect(try Classified(kernel)[0x7000..<0x7008] == FrameState(.free, .contradictory))
  }

  @Test("a block inside another one is held back with it")
  func nested() throws {
    var kernel = FakeKernel(.v6_1)
    kernel.makeFree(0x7000, order: 4)
    let buddy = kernel.series.types.buddy
    kernel.change(0x7008) {
      $0.mapcount = buddy
      $0.privateData = 3
    }
    let found = try Classified(kernel)
    #expect(found[0x7000..<0x7010] == FrameState(.free, .contradictory))
  }

  @Test("a first page that somebody holds makes its block contradictory")
  func heldFirstPage() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeFree(0x7000, order: 3)
    kernel.change(0x7000) { $0.refcount = 1 }
    #expect(try Classified(kernel)[0x7000..<0x7008] == FrameState(.free, .contradictory))
  }

  @Test("of free pages that look alike each is told by its own order")
  func alike() throws {
    var kernel = FakeKernel(.v6_12)
    for pfn in UInt64(0x7000)..<0x7008 { kernel.makeFree(pfn, order: 0) }
    for pfn in [0x7000, 0x7002, 0x7005] as [UInt64] { kernel.change(pfn) { $0.privateData = 99 } }
    let found = try Classified(kernel)
    for pfn in UInt64(0x7000)..<0x7008 {
      #expect(found[pfn] == FrameState([0x7000, 0x7002, 0x7005].contains(pfn) ? .kernel : .free, .none))
    }
  }

  @Test("a page on a CPU's own list looks like nobody's, and is the kernel's")
  func perCPU() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.change(0x7000) { $0.refcount = 0 }
    #expect(try Classified(kernel)[0x7000] == FrameState(.kernel, .none))
  }

  @Test("below 1 MiB nothing is taken")
  func lowMemory() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeFree(0x10, order: 2)
    kernel.makeFree(0x100, order: 0)
    let found = try Classified(kernel)
    #expect(found[0x10..<0x14] == FrameState(.free, .lowMemory))
    #expect(found[0x100] == FrameState(.free, .none))
  }

  @Test("a block that reaches beyond the memory is cut, and held back")
  func beyondMemory() throws {
    var kernel = FakeKernel(.v6_12)
    // Half a section: the block crosses its end.
    kernel.core.segments[2].size -= 8 * 4096
    kernel.makeFree(0xbff0, order: 4)
    let found = try Classified(kernel, section: 1)
    #expect(found[0xbff8..<0xc000] == FrameState(.absent, .none))
    #expect(found[0xbff0..<0xbff8] == FrameState(.free, .contradictory))
  }
}
