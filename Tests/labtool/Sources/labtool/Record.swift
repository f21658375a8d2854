import CommandWords
import KdumpFile

struct Record: Check {
  static let manual = Manual(
    "record", "Check that each page that differs between two dumps of all memory is on the record.",
    discussion: """
      A few of the pages on the record may not differ: those to which the same contents were written. All pages on the record \
      must be reusable.
      """,
    files: [
      .init("before", "A dump of level 0, taken before."), .init("after", "The same, taken after."),
      .init("record", "The output of 'oldmemfs record'."), .init("ranges", "The output of 'oldmemfs scan --ranges'."),
    ], options: [.init("least", "The least share of the pages on the record that differ, in percent (default 99).")])

  let before: String
  let after: String
  let record: String
  let ranges: String
  let least: UInt64

  init(_ words: Words) throws(UsageError) {
    least = try words.number("least", in: 1...100, default: 99)
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
    conclude(check.isRight(least: least), text)
  }
}
