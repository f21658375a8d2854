import ArgumentParser
import KdumpFile

struct Bitmap: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check that no frame that oldmemfs would take is one that makedumpfile dumps.")

  @Argument(help: "A dump in makedumpfile's compressed format, at the level of the ranges or a higher one.")
  var dump: String
  @Argument(help: "What 'oldmemfs scan --ranges' printed.") var ranges: String

  func run() throws {
    let check = try BitmapCheck(try Dump(path: dump), try FrameRanges(path: ranges))
    let classes = check.listed.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    let listed = check.listed.values.reduce(0, +)
    guard check.isRight else {
      return try conclude(
        false,
        "\(check.dumped.count) listed frames are dumped (first: \(firstFew(check.dumped))), "
          + "\(check.notMemory.count) are no memory (first: \(firstFew(check.notMemory)))")
    }
    let share = check.excluded == 0 ? 0 : listed * 100 / check.excluded
    try conclude(true, "none of \(listed) frames is dumped (\(classes)): \(share)% of \(check.excluded) left out")
  }
}
