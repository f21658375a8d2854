import ArgumentParser
import KdumpFile

struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check that the record of overwritten frames has each page that differs between two dumps of all memory.",
    discussion: """
      And nothing else, but for pages that happen to hold what they held before: 1 % at the most. All of the record has to \
      be reusable.
      """)

  @Argument(help: "A dump of level 0, taken before.") var before: String
  @Argument(help: "The same, taken after.") var after: String
  @Argument(help: "What 'oldmemfs record' printed.") var record: String
  @Argument(help: "What 'oldmemfs scan --ranges' printed.") var ranges: String

  func run() throws {
    let check = try RecordCheck(
      before: Dump(path: before), after: Dump(path: after), record: FrameRanges(path: record, withClasses: false),
      ranges: FrameRanges(path: ranges))
    var text = "\(check.changed) pages differ, \(check.recorded) are on the record"
    if !check.unrecorded.isEmpty {
      text += "; NOT ON IT: \(check.unrecorded.count) that differ (first: \(firstFew(check.unrecorded)))"
    }
    if !check.notReusable.isEmpty {
      text += "; NOT REUSABLE: \(check.notReusable.count) that are on it (first: \(firstFew(check.notReusable)))"
    }
    try conclude(check.isRight, text)
  }
}
