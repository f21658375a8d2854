import KernelFixtures
import Testing
import Vmcore

@testable import CrashedKernel

@Suite("Sections of memory")
struct SparseMemoryTests {
  private let entry = FakeKernel.sectionRoot

  @Test("a mem_section that points nowhere is refused", arguments: ["ffff9999deadb000", "0", "ffffffffffffffff", "ffffea0800000000"])
  func nowhere(address: String) throws {
    var kernel = FakeKernel(.v6_12)
    kernel.inform("SYMBOL(mem_section)", address)
    #expect(throws: KernelError.self) { try CrashedKernel(kernel) }
  }

  @Test(
    "a section whose struct pages can't be reached is an error, and the others are not",
    arguments: [
      0xffff_9999_dead_b00f, 0xf, .max,
    ] as [UInt64])
  func badMap(coded: UInt64) throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeFree(0x7000, order: 3)
    kernel.makeFree(0x9000, order: 3)
    kernel.core.put(coded, at: entry + 16)
    #expect(try Classified(kernel)[0x7000..<0x7008] == FrameState(.free, .none))
    #expect(throws: KernelError.self) { try Classified(kernel, section: 1) }
  }

  @Test("a root that points nowhere is an error for its sections", arguments: [0xdead_b000, 0xffff_9999_dead_b000, .max] as [UInt64])
  func badRoot(pointer: UInt64) throws {
    var kernel = FakeKernel(.v6_12)
    kernel.core.put(pointer, at: FakeKernel.sectionArray)
    #expect(throws: KernelError.self) { try Classified(kernel) }
  }

  @Test("a section that is not present, has no map or is offline is the kernel's", arguments: [0b1110, 0b1101, 0b1011, 0] as [UInt64])
  func unusable(flags: UInt64) throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeFree(0x7000, order: 3)
    kernel.core.put(kernel.vmemmap | flags, at: entry)
    #expect(try Classified(kernel)[0x7000..<0x7008] == FrameState(.kernel, .none))
  }

  @Test("a section with a flag that makedumpfile does not know is left alone, all of it", arguments: 3..<12)
  func unknownFlag(bit: Int) throws {
    var kernel = FakeKernel(.v7)
    kernel.makeFree(0x7000, order: 3)
    kernel.makeFree(0x9000, order: 3)
    kernel.makeCache(0x7010)
    kernel.core.put(kernel.vmemmap | 0b111 | 1 << UInt64(bit), at: entry)
    let found = try Classified(kernel)
    // SECTION_IS_EARLY and SECTION_TAINT_ZONE_DEVICE are known.
    #expect(found[0x7000..<0x7008] == FrameState(.free, bit < 5 ? .none : .unknownFlags))
    #expect(found[0x7010] == FrameState(.cache, bit < 5 ? .none : .unknownFlags))
    #expect(try Classified(kernel, section: 1)[0x9000..<0x9008] == FrameState(.free, .none))
  }

  @Test("a section beyond the array, or with no root, is the kernel's")
  func beyond() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeFree(0x7000, order: 3)
    kernel.core.put(UInt64(0), at: FakeKernel.sectionArray)
    #expect(try Classified(kernel)[0x7000..<0x7008] == FrameState(.kernel, .none))
  }

  @Test("a hole in the struct pages makes their section unreadable")
  func hole() throws {
    var kernel = FakeKernel(.v6_12)
    let place = kernel.entry(of: kernel.vmemmap + 1 << 21 + 64 * 4096, level: 1)
    kernel.core.put(UInt64(0), at: place)
    #expect(throws: KernelError.self) { try Classified(kernel, section: 1) }
  }

  @Test(
    "page tables that lead out of memory or in a circle end in an error",
    arguments: [0x7fff_ffff_f067, FakeKernel.topTable | 0x67] as [UInt64])
  func badTables(entry: UInt64) throws {
    var kernel = FakeKernel(.v6_12, levels: 5)
    for level in [5, 4, 3] {
      kernel.core.put(entry, at: kernel.entry(of: kernel.vmemmap, level: level))
      #expect(throws: KernelError.self) { try Classified(kernel, section: 1) }
    }
  }

  @Test("what no PT_LOAD holds is absent, whatever its struct page says")
  func absent() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeFree(0xa0, order: 4)
    kernel.makeFree(0xe000, order: 3)
    let first = try Classified(kernel)
    #expect(first[0xa0..<0xb0] == FrameState(.absent, .none))
    #expect(first[0] == FrameState(.absent, .none))
    #expect(try Classified(kernel, section: 1)[0xc000..<0x10000] == FrameState(.absent, .none))
  }

  @Test("struct pages may lack where there is no memory")
  func noMapBeyondMemory() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeFree(0x9000, order: 3)
    for page in 256..<UInt64(512) {
      let place = kernel.entry(of: kernel.vmemmap + 1 << 21 + page * 4096, level: 1)
      kernel.core.put(UInt64(0), at: place)
    }
    #expect(try Classified(kernel, section: 1)[0x9000..<0x9008] == FrameState(.free, .none))
  }
}
