import CommandWords
import KdumpFile

struct Bitmap: Check {
  static let manual = Manual(
    "bitmap", "Check that makedumpfile dumps no frame that oldmemfs would take.",
    discussion: "There must also be enough such frames: a short list of harmless ones would pass all other checks.",
    files: [
      .init("dump", "A dump in makedumpfile's compressed format, at the level of the ranges or a higher one."),
      .init("ranges", "The output of 'oldmemfs scan --ranges'."),
    ],
    options: [.init("least", "The least share of the pages that the dump leaves out, in percent.")])

  let dump: String
  let ranges: String
  let least: UInt64

  init(_ words: Words) throws(UsageError) {
    (dump, ranges) = (words.files[0], words.files[1])
    least = try words.number("least", in: 1...100)
  }

  func run() throws {
    let check = try BitmapCheck(try Dump(path: dump), try FrameRanges(path: ranges))
    let classes = check.listed.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    let listed = check.listed.values.reduce(0, +)
    guard check.isRight else {
      return conclude(
        false,
        "\(check.dumped.count) listed frames are dumped (first: \(firstFew(check.dumped))), "
          + "\(check.notMemory.count) are no memory (first: \(firstFew(check.notMemory)))")
    }
    let share = check.excluded == 0 ? 0 : listed * 100 / check.excluded
    conclude(
      share >= least, "none of \(listed) frames is dumped (\(classes)): \(share)% of \(check.excluded) left out")
  }
}
