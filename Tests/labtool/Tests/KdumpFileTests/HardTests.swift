import Foundation
import Testing

@testable import KdumpFile

private func list(_ text: String) throws -> HardPages { try withFile(text, HardPages.init(path:)) }

/// Three pages of each kind: the first kind's are 1000 to 1002, the next one's 1010 to 1012, and so on.
private func allKinds(but absent: HardPages.Kind? = nil) -> String {
  HardPages.Kind.allCases.enumerated().filter { $0.element != absent }
    .map { "\($0.element.isForbidden ? "never" : "may") \($0.element.rawValue) \(1000 + 10 * $0.offset) 3\n" }.joined()
}

private func check(_ text: String, ranges: String, exceptions: Set<HardPages.Kind> = []) throws -> HardCheck {
  HardCheck(try list(text), try withFile(ranges) { try FrameRanges(path: $0) }, exceptions: exceptions)
}

@Suite("pages that must never be taken")
struct HardTests {
  @Test("are left alone when no range has one")
  func right() throws { #expect(try check(allKinds(), ranges: "256 700 free\n1003 7 cache\n").isRight) }

  @Test("are taken when a range ends in one")
  func taken() throws {
    let check = try check(allKinds(), ranges: "900 101 free\n")
    #expect(check.wronglyTaken == [.pinnedAnonymous])
    #expect(check.taken[.pinnedAnonymous] == [PFN(rawValue: 1000)])
    #expect(!check.isRight)
  }

  @Test("are not those that may be taken")
  func allowed() throws {
    let place = 1000 + 10 * HardPages.Kind.allCases.firstIndex(of: .mlocked)!
    #expect(try check(allKinds(), ranges: "\(place) 3 user\n").isRight)
  }

  @Test("are all below 1 MiB")
  func low() throws { #expect(try check(allKinds(), ranges: "255 2 free\n").low == [PFN(rawValue: 255)]) }

  @Test("must be there, all kinds of them", arguments: HardPages.Kind.allCases)
  func missing(_ kind: HardPages.Kind) throws {
    #expect(try check(allKinds(but: kind), ranges: "300 2 free\n").missing == [kind])
    let impossible = allKinds(but: kind) + "cannot \(kind.rawValue) it has no means\n"
    #expect(try !check(impossible, ranges: "300 2 free\n").isRight)
    #expect(try check(impossible, ranges: "300 2 free\n", exceptions: [kind]).isRight)
    #expect(try !check(allKinds(but: kind), ranges: "300 2 free\n", exceptions: [kind]).isRight)
  }

  @Test("are compared in the order of the list")
  func contents() throws {
    var pages = Data(count: 6 * 4096)
    let text = "never locked 50 2\nmay thp 70 1\nnever pinned-thp 40 4\n"
    let before = try mapped(pages)
    pages[5 * 4096] = 1
    let after = try mapped(pages)
    let short = try mapped(pages.dropLast())
    var check = try check(text, ranges: "300 2 free\n")
    try check.compare(before, before)
    #expect(check.changed.isEmpty)
    try check.compare(before, after)
    #expect(check.changed == [PFN(rawValue: 43)])
    #expect(throws: LabError.self) { try check.compare(before, short) }
  }

  @Test(
    "must be listed by the right rule, in numbers",
    arguments: [
      "may locked 1 1\n", "never thp 1 1\n", "never locked 1 0\n", "never locked x 1\n", "never locked 1\n", "never lost 1 1\n",
      "never locked 18446744073709551615 2\n", "cannot locked\n",
    ])
  func malformed(_ text: String) { #expect(throws: LabError.self) { try list(text) } }
}
