import CommandWords
import KdumpFile

struct Compare: Check {
  static let manual = Manual(
    "compare", "Check that two dumps have the same bytes.",
    discussion: """
      Only the 16 bytes of the header's time stamp may differ. If the dumps differ, it names the pages.
      """,
    files: [.init("a", "The dump taken before."), .init("b", "The dump taken after.")])

  let a: String
  let b: String

  init(_ words: Words) { (a, b) = (words.files[0], words.files[1]) }

  func run() throws {
    let first = try Dump(path: a)
    let comparison = try DumpComparison(first, try Dump(path: b))
    if comparison.isSame {
      return conclude(true, "\(first.file.size) bytes, \(first.dumpedPages) pages, all the same")
    }
    var parts: [String] = []
    if !comparison.changed.isEmpty {
      parts.append("pages that differ: \(comparison.changed.count) (first: \(firstFew(comparison.changed)))")
    }
    if !comparison.inOneOnly.isEmpty {
      parts.append("pages in one dump only: \(comparison.inOneOnly.count) (first: \(firstFew(comparison.inOneOnly)))")
    }
    if parts.isEmpty { parts.append("they differ outside of their pages: in a header, a note or a bitmap") }
    conclude(false, parts.joined(separator: "; "))
  }
}
