import CommandWords
import KdumpFile

struct Record: Check {
  static let manual = Manual(
    "record", "Check that the record of overwritten frames has each page that differs between two dumps of all memory.",
    discussion: """
      And nothing else, but for pages that happen to hold what they held before: 1 % at the most. All of the record has to \
      be reusable.
      """,
    files: [
      .init("before", "A dump of level 0, taken before."), .init("after", "The same, taken after."),
      .init("record", "What 'oldmemfs record' printed."), .init("ranges", "What 'oldmemfs scan --ranges' printed."),
    ])

  let before: String
  let after: String
  let record: String
  let ranges: String

  init(_ words: Words) {
    (before, after, record, ranges) = (words.files[0], words.files[1], words.files[2], words.files[3])
  }

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
    conclude(check.isRight, text)
  }
}
