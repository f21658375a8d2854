import Testing

@testable import KdumpFile

/// Checks oldmemfs's output about the small dump, which leaves out 61 pages.
private func check(
  classes: String, ranges: String, reusable: Int, held: String = "", cacheDump: SmallDump? = nil,
  baseDump: SmallDump = SmallDump(dumped: Array(0..<64))
) throws -> ClassCheck {
  let summary = "{\"level\": 31, \"reusable_pages\": \(reusable), \"classes\": {\(classes)}, \"held_back\": {\(held)}, \"more\": 1}"
  return try ClassCheck(
    open(SmallDump()), withFile(ranges) { try FrameRanges(path: $0, mayBeEmpty: true) }, withFile(summary, ScanSummary.init(path:)),
    kept: cacheDump.map { (try open($0), try open(baseDump)) })
}

private func pages(_ name: String, _ pages: Int, _ reusable: Int) -> String {
  "\"\(name)\": {\"pages\": \(pages), \"reusable\": \(reusable)}"
}

@Suite("classes of pages")
struct ClassTests {
  @Test("are complete when all that is left out is found, though some is held back")
  func complete() throws {
    let check = try check(
      classes: pages("free", 37, 37) + "," + pages("cache", 23, 0) + "," + pages("poisoned", 1, 0) + ","
        + pages("kernel", 3, 0), ranges: "3 37 free\n", reusable: 37, held: "\"locked\": 23")
    #expect(check.isComplete && check.isConsistent && check.frames.isRight)
    #expect(check.found == 61)
    #expect(check.heldBack == 23)
  }

  @Test("are not complete when a page in a hundred is not found")
  func few() throws { #expect(try !check(classes: pages("free", 60, 37), ranges: "3 37 free\n", reusable: 37).isComplete) }

  @Test("are not complete when more is found than is left out")
  func many() throws { #expect(try !check(classes: pages("free", 62, 37), ranges: "3 37 free\n", reusable: 37).isComplete) }

  @Test("contradict a list that has other pages than they count")
  func contradictory() throws {
    #expect(try !check(classes: pages("free", 61, 37), ranges: "3 36 free\n", reusable: 37).isConsistent)
  }

  private func mistaken(baseDump: SmallDump) throws -> ClassCheck {
    try check(
      classes: pages("free", 59, 0), ranges: "", reusable: 0, cacheDump: SmallDump(dumped: Array(0..<62)), baseDump: baseDump)
  }

  @Test("may lack what makedumpfile leaves out both as cache and as something else")
  func mistaken() throws {
    let check = try mistaken(baseDump: SmallDump(dumped: Array(0..<64)))
    #expect(check.mistaken == 2)
    #expect(check.isComplete)
    let other = try self.mistaken(baseDump: SmallDump(dumped: Array(0..<63)))
    #expect(other.mistaken == 1)
    #expect(!other.isComplete)
  }

  @Test("are left out by their own bits of the level")
  func levels() {
    #expect(!ClassCheck.leavesOut(0, "free") && !ClassCheck.leavesOut(31, "kernel"))
    #expect(ClassCheck.leavesOut(4, "cache") && !ClassCheck.leavesOut(2, "private-cache"))
    #expect(ClassCheck.leavesOut(8, "hugetlb") && ClassCheck.leavesOut(0, "offline"))
  }
}
