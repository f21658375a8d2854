import CrashedKernel
import KernelFixtures
import Testing
import Vmcore

@testable import CrashedKernel

/// Which blocks may become RAM. The fake kernel has its own things in section 0, and section 5 is half there.
@Suite("whole blocks")
struct BlockSearchTests {
  private static let sections = 6
  private static let all = ReusePolicy(level: DumpLevel(rawValue: 31))

  /// Sections 1 to 4 are free as a whole.
  private static func kernel() -> FakeKernel {
    var kernel = FakeKernel(.v6_12, sections: sections)
    for section in 1..<5 as Range<UInt64> {
      for block in 0..<32 as Range<UInt64> { kernel.makeFree(section << 15 + block << 10, order: 10) }
    }
    return kernel
  }

  private static func block(_ section: UInt64, cache: UInt64 = 0, user: UInt64 = 0) -> WholeBlock {
    WholeBlock(frames: PFN(section << 15)..<PFN((section + 1) << 15), cache: cache, user: user)
  }

  private static func search(
    _ kernel: FakeKernel, _ count: Int = 100, policy: ReusePolicy = all, blockSize: UInt64 = 128 << 20,
    taking: Range<PFN>? = nil, isLate: Bool = false
  ) throws -> (found: [WholeBlock], classified: Int) {
    let crashed = try CrashedKernel(kernel)
    if let taking { crashed.take(taking) }
    var search = try #require(BlockSearch(crashed, policy, blockSize: blockSize))
    let found = search.best(count, in: [PFN(0)..<PFN(UInt64(sections) << 15)]) { isLate }
    return (found, search.classified)
  }

  @Test("free blocks are found; those of the kernel, and those with a hole, are not")
  func free() throws {
    #expect(try Self.search(Self.kernel()).found == [1, 2, 3, 4].map { Self.block($0) })
  }

  @Test("nothing more is scanned when there is enough")
  func stops() throws {
    let (found, classified) = try Self.search(Self.kernel(), 2)
    #expect(found == [Self.block(1), Self.block(2)])
    #expect(classified == 3)
  }

  @Test("better blocks are not looked for when it is late, but enough are")
  func late() throws {
    var kernel = Self.kernel()
    for section in 1..<3 as Range<UInt64> {
      kernel.makeCache(section << 15 | 5)
      refill(&kernel, section << 15)
    }
    let blocks = [1, 2].map { Self.block($0, cache: 1) }
    let (late, classified) = try Self.search(kernel, 2, isLate: true)
    #expect(late == blocks && classified == 3)
    let (fewer, all) = try Self.search(kernel, 5, isLate: true)
    #expect(fewer == [3, 4].map { Self.block($0) } + blocks && all == Self.sections)
    #expect(try Self.search(kernel, 2).found == [3, 4].map { Self.block($0) })
  }

  @Test("free pages come before page cache, page cache before pages of processes")
  func order() throws {
    var kernel = Self.kernel()
    kernel.makeAnonymous(1 << 15 | 5)
    kernel.makeCache(2 << 15 | 5)
    kernel.makeCache(2 << 15 | 6)
    kernel.makeCache(3 << 15 | 32, order: 4)
    // A free block that has other pages in it contradicts itself, so smaller blocks stand around them.
    for section in 1..<4 as Range<UInt64> { refill(&kernel, section << 15) }
    #expect(
      try Self.search(kernel).found == [
        Self.block(4), Self.block(2, cache: 2), Self.block(3, cache: 16), Self.block(1, user: 1),
      ])
    #expect(try Self.search(kernel, 2).found == [Self.block(4), Self.block(2, cache: 2)])
    let cacheOnly = ReusePolicy(level: [.free, .cache])
    #expect(try Self.search(kernel, policy: cacheOnly).found == [Self.block(4), Self.block(2, cache: 2), Self.block(3, cache: 16)])
    #expect(try Self.search(kernel, policy: ReusePolicy(level: .free)).found == [Self.block(4)])
  }

  /// Makes the first 1,024 frames of a block single free pages where they are free.
  private func refill(_ kernel: inout FakeKernel, _ first: UInt64) {
    for pfn in first..<first + 1024 {
      let page = kernel.page(pfn)
      if page.refcount == 0, page.compound & 1 == 0 { kernel.makeFree(pfn, order: 0) }
    }
  }

  @Test("a block with a page that must be left alone is none", arguments: ["kernel", "private data", "pinned", "hugetlb", "taken"])
  func held(what: String) throws {
    var kernel = Self.kernel()
    refill(&kernel, 2 << 15)
    var taking: Range<PFN>?
    switch what {
    case "kernel": kernel.set(2 << 15 | 700, .init())
    case "private data": kernel.makeCache(2 << 15 | 700, hasPrivateData: true)
    case "pinned": kernel.makeAnonymous(2 << 15 | 700, unexplained: 1024)
    case "hugetlb": kernel.makeHugetlb(2 << 15 | 512)
    default: taking = PFN(2 << 15 | 700)..<PFN(2 << 15 | 701)
    }
    #expect(try Self.search(kernel, taking: taking).found == [1, 3, 4].map { Self.block($0) })
  }

  @Test("a section is passed no further than its first piece with a page that rules it out", arguments: [5, 1023, 1024, 5000])
  func ruledOut(place: UInt64) throws {
    var kernel = Self.kernel()
    let first = UInt64(2) << 15
    for pfn in first + place / 1024 * 1024..<first + (place / 1024 + 1) * 1024 { kernel.makeFree(pfn, order: 0) }
    kernel.set(first + place, .init())
    let crashed = try CrashedKernel(kernel)
    let states = FrameMap()
    var pieces: [Range<Int>] = []
    try crashed.classify(section: 2, into: states) { piece in
      pieces.append(piece)
      return piece.allSatisfy { Self.all.isReusableAsRAM(states[$0]) }
    }
    let end = (Int(place) / 1024 + 1) * 1024
    #expect(pieces.last?.upperBound == end && pieces.count == end / 1024)
    #expect((end..<FrameMap.frameCount).allSatisfy { states[$0] == FrameState(.absent, .none) })
    #expect(try Self.search(kernel).found == [1, 3, 4].map { Self.block($0) })
  }

  @Test("a huge page whose end contradicts its beginning rules its block out, and a whole one does not", arguments: [true, false])
  func compound(isWhole: Bool) throws {
    var kernel = Self.kernel()
    let first = UInt64(2) << 15
    refill(&kernel, first)
    kernel.makeCache(first + 512, order: 9)
    if !isWhole { kernel.set(first + 1023, .init()) }
    #expect(try Self.search(kernel).found == [1, 3, 4].map { Self.block($0) } + (isWhole ? [Self.block(2, cache: 512)] : []))
  }

  @Test("a block that is larger than a section is one of whole sections")
  func larger() throws {
    var kernel = Self.kernel()
    let both = WholeBlock(frames: PFN(2 << 15)..<PFN(4 << 15), cache: 0, user: 0)
    #expect(try Self.search(kernel, blockSize: 256 << 20).found == [both])
    kernel.set(3 << 15 | 0x7fff, .init())
    #expect(try Self.search(kernel, blockSize: 256 << 20).found.isEmpty)
  }

  @Test("blocks that are no multiple of a section can't be looked for", arguments: [0, 2 << 20, 192 << 20])
  func sizes(size: UInt64) throws {
    #expect(BlockSearch(try CrashedKernel(Self.kernel()), Self.all, blockSize: size) == nil)
  }
}
