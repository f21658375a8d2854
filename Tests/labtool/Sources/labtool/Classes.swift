import CommandWords
import KdumpFile

struct Classes: Check {
  static let manual = Manual(
    "classes", "Check that oldmemfs finds the pages that makedumpfile leaves out, and takes none that it dumps.",
    discussion: """
      By class, at least 99 % of the pages that the dump leaves out must be found, and no page that it has. Pages that are \
      found but not safe to write are shown by reason.
      """,
    files: [
      .init("dump", "A dump in makedumpfile's compressed format."),
      .init("ranges", "The output of 'oldmemfs scan --ranges' for the dump's level; it may be empty."),
      .init("summary", "The output of 'oldmemfs scan --json' for that level."),
    ],
    options: [
      .init("cache-dump", "For a level that keeps cache: a dump of the same memory at level 6."),
      .init("base-dump", "And one at level 0."),
    ])

  let dump: String
  let ranges: String
  let summary: String
  let cacheDump: String?
  let baseDump: String?

  init(_ words: Words) throws(UsageError) {
    (dump, ranges, summary) = (words.files[0], words.files[1], words.files[2])
    (cacheDump, baseDump) = (words.last("cache-dump"), words.last("base-dump"))
  }

  func run() throws {
    let dump = try Dump(path: dump)
    let summary = try ScanSummary(path: summary)
    guard Int64(summary.level) == Int64(dump.header.dumpLevel) else {
      throw LabError(self.summary, "is of level \(summary.level), the dump of level \(dump.header.dumpLevel)")
    }
    var kept: (Dump, Dump)?
    if let cacheDump, let baseDump { kept = (try Dump(path: cacheDump), try Dump(path: baseDump)) }
    let check = try ClassCheck(dump, try FrameRanges(path: ranges, mayBeEmpty: true), summary, kept: kept)
    var text = "\(check.leftOut) left out, \(check.found) found, \(check.reusable) reusable"
    if check.mistaken > 0 { text += ", \(check.mistaken) cache that makedumpfile takes for anonymous" }
    let held = summary.heldBack.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    if !held.isEmpty { text += ", held back: " + held.joined(separator: ", ") }
    if !check.frames.dumped.isEmpty {
      text += "; \(check.frames.dumped.count) listed frames are dumped (first: \(firstFew(check.frames.dumped)))"
    }
    if !check.frames.notMemory.isEmpty {
      text += "; \(check.frames.notMemory.count) are no memory (first: \(firstFew(check.frames.notMemory)))"
    }
    if !check.isConsistent { text += "; the list, the reusable pages and those held back don't add up" }
    if !check.isComplete { text += "; less than 99 % is found, or more than all" }
    conclude(check.frames.isRight && check.isConsistent && check.isComplete, text)
  }
}
