import Testing

@testable import KdumpFile

private func ranges(_ text: String) throws -> FrameRanges { try withFile(text) { try FrameRanges(path: $0) } }

@Suite("a dump")
struct DumpTests {
  @Test("says what it holds")
  func holds() throws {
    let dump = try open(SmallDump())
    #expect(dump.header.kernelRelease == "6.12")
    #expect(dump.header.dumpLevel == 31)
    #expect(dump.memoryPages == 64)
    #expect(dump.dumpedPages == 3)
    #expect(try dump.isDumped(PFN(rawValue: 40)))
    #expect(try !dump.isDumped(PFN(rawValue: 41)))
    #expect(try !dump.isDumped(PFN(rawValue: 1 << 40)))
  }

  @Test("that lost its last byte is refused")
  func truncated() { #expect(throws: LabError.self) { try open(SmallDump(missingBytes: 1)) } }

  @Test("that makedumpfile could not finish is refused")
  func incomplete() { #expect(throws: LabError.self) { try open(SmallDump(status: 0x8)) } }

  @Test("of no page is refused")
  func empty() { #expect(throws: LabError.self) { try open(SmallDump(dumped: [])) } }
}

@Suite("two dumps")
struct ComparisonTests {
  @Test("with other time stamps are the same")
  func timestamps() throws {
    #expect(try DumpComparison(open(SmallDump(timestamp: 1)), open(SmallDump(timestamp: 2))).isSame)
  }

  @Test("differ in the page that was changed")
  func changed() throws {
    let comparison = try DumpComparison(open(SmallDump()), open(SmallDump(changed: 40)))
    #expect(!comparison.isSame)
    #expect(comparison.changed == [PFN(rawValue: 40)])
    #expect(comparison.inOneOnly.isEmpty)
  }

  @Test("differ in the page that only one holds, and the pages after it are still told apart")
  func missing() throws {
    let comparison = try DumpComparison(open(SmallDump()), open(SmallDump(dumped: [1, 40])))
    #expect(!comparison.isSame)
    #expect(comparison.inOneOnly == [PFN(rawValue: 2)])
    #expect(comparison.changed.isEmpty)
  }
}

@Suite("frames that oldmemfs would take")
struct RangesTests {
  @Test("are right when none is dumped")
  func right() throws {
    let check = try BitmapCheck(open(SmallDump()), ranges("3 37 free\n41 2 cache\n"))
    #expect(check.isRight)
    #expect(check.listed == ["free": 37, "cache": 2])
    #expect(check.excluded == 61)
  }

  @Test("are wrong when one is dumped")
  func dumped() throws {
    let check = try BitmapCheck(open(SmallDump()), ranges("3 38 free\n"))
    #expect(check.dumped == [PFN(rawValue: 40)])
  }

  @Test("are wrong when one is no memory")
  func notMemory() throws {
    let check = try BitmapCheck(open(SmallDump()), ranges("60 5 free\n"))
    #expect(check.notMemory == [PFN(rawValue: 64)])
  }

  @Test("must be there, sorted, and apart", arguments: ["", "5 0 free\n", "5 5 free\n9 1 free\n", "x 1 free\n"])
  func malformed(_ text: String) { #expect(throws: LabError.self) { try ranges(text) } }
}
