import ArgumentParser
import KdumpFile

extension HardPages.Kind: ExpressibleByArgument {}

struct Hard: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check that no page is taken that must never be.",
    discussion: """
      The list is what 'labguest hard' left in the first kernel. Each kind of page must be there: one that the kernel can't \
      make must be named, too.
      """)

  @Argument(help: "The list of pages.") var pages: String
  @Argument(help: "What 'oldmemfs scan --ranges' printed.") var ranges: String
  @Option(help: "A kind that the kernel has no way to make; may be given several times.") var cannot: [HardPages.Kind] = []
  @Option(help: "The pages' contents before the fill, by 'labguest save-pages'.") var before: String?
  @Option(help: "The same after it.") var after: String?

  func validate() throws {
    guard (before == nil) == (after == nil) else { throw ValidationError("--before and --after go together.") }
  }

  func run() throws {
    let list = try HardPages(path: pages)
    var check = HardCheck(list, try FrameRanges(path: ranges), exceptions: Set(cannot))
    if let before, let after { try check.compare(try MappedFile(path: before), try MappedFile(path: after)) }
    try conclude(check.isRight, (problems(check) + [summary(check)]).joined(separator: "; "))
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
