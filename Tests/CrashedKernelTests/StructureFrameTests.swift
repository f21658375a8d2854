import KernelFixtures
import Testing
import Vmcore

@testable import CrashedKernel

@Suite("What the kernel's structures lie in")
struct StructureFrameTests {
  @Test("a damaged struct page can't give away struct pages, page tables or mem_section", arguments: [4, 5])
  func structures(levels: Int) throws {
    var kernel = FakeKernel(.v6_12, levels: levels)
    let places = [
      kernel.structPage(0), kernel.structPage(0x8000), kernel.structPage(0xbfff), FakeKernel.topTable, FakeKernel.sectionArray,
      FakeKernel.sectionRoot, 21 << 20,
    ]
    for place in places { kernel.makeFree(place / 4096, order: 0) }
    kernel.makeFree(0x7000, order: 0)
    let found = try Classified(kernel)
    for place in places { #expect(found[place / 4096] == FrameState(.free, .structures)) }
    #expect(found[0x7000] == FrameState(.free, .none))
  }

  @Test("nor any page of the kernel's image")
  func image() throws {
    var kernel = FakeKernel(.v6_12)
    // 16 to 24 MiB, in a PT_LOAD at the address of kernel text.
    kernel.makeFree(0x1100, order: 8)
    kernel.makeFree(0x1800, order: 8)
    let found = try Classified(kernel)
    #expect(found[0x1100..<0x1200] == FrameState(.free, .structures))
    #expect(found[0x1800..<0x1900] == FrameState(.free, .none))
  }

  @Test("landmarks are asked for until one is told of, and lie in the image and in the struct pages as well")
  func landmarks() throws {
    let kernel = try CrashedKernel(FakeKernel(.v6_12))
    var asked: [UInt64] = []
    #expect(
      kernel.landmark { frame -> Bool? in
        asked.append(frame.rawValue); return nil
      } == nil)
    #expect(asked.prefix(2) == [FakeKernel.topTable / 4096, FakeKernel.sectionArray / 4096])
    #expect(asked.contains { (0x1000..<0x1800).contains($0) } && asked.contains { (0x2000..<0x2400).contains($0) })
    #expect(kernel.landmark { $0.rawValue == asked[3] ? true : nil } == true)
  }

  @Test("of a block that has such pages in it, these are held back")
  func block() throws {
    var kernel = FakeKernel(.v6_12, sections: 1)
    let first = kernel.structPage(0) / 4096
    kernel.makeFree(first, order: 10)
    let found = try Classified(kernel)
    #expect(found[first..<first + 512] == FrameState(.free, .structures))
    #expect(found[first + 512..<first + 1024] == FrameState(.free, .none))
  }

  @Test("a set of frames holds what was put into it")
  func ranges() {
    var set = FrameRanges()
    for range in [10..<20, 30..<40, 5..<6, 20..<25, 24..<31, 100..<100, 6..<7] as [Range<UInt64>] { set.insert(range) }
    #expect(set.ranges == [5..<7, 10..<40])
    var parts: [Range<UInt64>] = []
    set.forEach(in: 6..<12) { parts.append($0) }
    #expect(parts == [6..<7, 10..<12])
  }

  @Test("it stays small, and never lacks a frame")
  func bound() {
    var set = FrameRanges()
    var random = SystemRandomNumberGenerator()
    var inserted: [UInt64] = []
    for _ in 0..<20000 {
      let frame = UInt64.random(in: 0..<1 << 34, using: &random)
      inserted.append(frame)
      set.insert(frame..<frame + 1)
    }
    set.insert(UInt64.max - 1..<UInt64.max)
    #expect(set.ranges.count <= 4096)
    #expect(zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
    for frame in inserted {
      var isHeld = false
      set.forEach(in: frame..<frame + 1) { _ in isHeld = true }
      #expect(isHeld)
    }
  }
}
