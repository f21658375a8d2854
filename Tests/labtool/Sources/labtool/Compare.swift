import ArgumentParser
import KdumpFile

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check that two dumps are the same bytes.",
    discussion: """
      The 16 bytes of the header's time stamp are set aside, and nothing else. When the dumps differ, the pages that \
      differ are named.
      """)

  @Argument(help: "The dump taken before.") var a: String
  @Argument(help: "The dump taken after.") var b: String

  func run() throws {
    let first = try Dump(path: a)
    let comparison = try DumpComparison(first, try Dump(path: b))
    if comparison.isSame {
      return try conclude(true, "\(first.file.size) bytes, \(first.dumpedPages) pages, all the same")
    }
    var parts: [String] = []
    if !comparison.changed.isEmpty {
      parts.append("pages that differ: \(comparison.changed.count) (first: \(firstFew(comparison.changed)))")
    }
    if !comparison.inOneOnly.isEmpty {
      parts.append("pages in one dump only: \(comparison.inOneOnly.count) (first: \(firstFew(comparison.inOneOnly)))")
    }
    if parts.isEmpty { parts.append("they differ outside of their pages: in a header, a note or a bitmap") }
    try conclude(false, parts.joined(separator: "; "))
  }
}
