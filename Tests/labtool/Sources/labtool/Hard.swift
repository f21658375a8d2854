import CommandWords
import KdumpFile

struct Hard: Check {
  static let manual = Manual(
    "hard", "Check that no page is taken that must never be taken.",
    discussion: """
      'labguest hard' makes the list in the first kernel. It must have each kind of page, except those named by --cannot.
      """,
    files: [
      .init("pages", "The list of pages."), .init("ranges", "The output of 'oldmemfs scan --ranges'."),
    ],
    options: [
      .init("cannot", "A kind that the kernel can't make; may be given several times."),
      .init("before", "The pages' contents before the fill, by 'labguest save-pages'."),
      .init("after", "The same after it."),
    ])

  let pages: String
  let ranges: String
  let cannot: [HardPages.Kind]
  let before: String?
  let after: String?

  init(_ words: Words) throws(UsageError) {
    (pages, ranges) = (words.files[0], words.files[1])
    var kinds: [HardPages.Kind] = []
    for word in words.all("cannot") {
      guard let kind = HardPages.Kind(rawValue: word) else {
        throw words.error("unknown kind '\(word)': it is one of \(HardPages.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      kinds.append(kind)
    }
    cannot = kinds
    (before, after) = (words.last("before"), words.last("after"))
    guard (before == nil) == (after == nil) else { throw words.error("--before and --after go together") }
  }

  func run() throws {
    let list = try HardPages(path: pages)
    var check = HardCheck(list, try FrameRanges(path: ranges), exceptions: Set(cannot))
    if let before, let after { try check.compare(try MappedFile(path: before), try MappedFile(path: after)) }
    conclude(summary(check), wrong: problems(check))
  }

  private func problems(_ check: HardCheck) -> [String] {
    var parts = check.wronglyTaken.map { kind in
      let frames = check.taken[kind] ?? []
      return "TAKEN: \(frames.count) of \(kind.rawValue) (first: \(firstFew(frames)))"
    }
    parts += check.missing.map { "NO PAGE of \($0.rawValue) (\(check.pages.impossible[$0] ?? "not in the list"))" }
    if !check.low.isEmpty { parts.append("TAKEN: \(check.low.count) below 1 MiB (first: \(firstFew(check.low)))") }
    if !check.changed.isEmpty { parts.append("CHANGED: \(check.changed.count) pages (first: \(firstFew(check.changed)))") }
    return parts
  }

  private func summary(_ check: HardCheck) -> String {
    let kinds = HardPages.Kind.allCases.filter { check.pages.frames[$0] != nil }
    let never = kinds.filter(\.isForbidden).map { "\($0.rawValue) \(check.pages.frames[$0]?.count ?? 0)" }
    let may = kinds.filter { !$0.isForbidden }.map {
      "\($0.rawValue) \(check.taken[$0]?.count ?? 0)/\(check.pages.frames[$0]?.count ?? 0)"
    }
    let cannot = cannot.filter { check.pages.frames[$0] == nil }.map { "\($0.rawValue) (\(check.pages.impossible[$0] ?? ""))" }
    return "never to be taken: \(never.joined(separator: ", ")); taken of others: \(may.joined(separator: ", "))"
      + "; NOT MADE by this kernel: \(cannot.joined(separator: ", "))"
      + (before == nil ? "" : "; contents of \(check.pages.forbidden.count) pages compared")
  }
}
