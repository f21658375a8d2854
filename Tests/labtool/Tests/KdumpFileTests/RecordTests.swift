import Testing

@testable import KdumpFile

private func ranges(_ text: String, withClasses: Bool) throws -> FrameRanges {
  try withFile(text) { try FrameRanges(path: $0, withClasses: withClasses) }
}

/// All 64 pages before, and after page 40 was overwritten.
private func check(record: String, reusable: String = "30 20 free\n") throws -> RecordCheck {
  let all = Array(0..<64)
  return try RecordCheck(
    before: open(SmallDump(dumped: all)), after: open(SmallDump(dumped: all, changed: 40)),
    record: ranges(record, withClasses: false), ranges: ranges(reusable, withClasses: true))
}

@Suite("the record of overwritten frames")
struct RecordTests {
  @Test("is right when it has the page that differs")
  func right() throws { #expect(try check(record: "40 1\n").isRight()) }

  @Test("is wrong when a page differs that it lacks")
  func lacking() throws {
    #expect(try check(record: "41 1\n").unrecorded == [PFN(rawValue: 40)])
    #expect(try !check(record: "41 1\n").isRight())
  }

  @Test("is wrong when it has everything")
  func everything() throws { #expect(try !check(record: "30 20\n").isRight()) }

  @Test("may have some pages that don't differ, as many as the caller says")
  func share() throws {
    #expect(try check(record: "39 2\n").isRight(least: 50))
    #expect(try !check(record: "39 2\n").isRight(least: 51))
  }

  @Test("is wrong when it has what may not be written")
  func notReusable() throws {
    let check = try check(record: "40 1\n", reusable: "41 1 free\n")
    #expect(check.notReusable == [PFN(rawValue: 40)])
    #expect(!check.isRight())
  }

  @Test("can't be judged by dumps that lack pages")
  func partial() throws {
    #expect(throws: LabError.self) {
      try RecordCheck(
        before: open(SmallDump()), after: open(SmallDump()), record: ranges("40 1\n", withClasses: false),
        ranges: ranges("40 1 free\n", withClasses: true))
    }
  }

  @Test("has no classes")
  func classes() { #expect(throws: LabError.self) { try ranges("40 1 free\n", withClasses: false) } }
}
