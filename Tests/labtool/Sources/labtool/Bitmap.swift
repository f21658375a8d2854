import ArgumentParser
import KdumpFile

struct Bitmap: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check that no frame that oldmemfs would take is one that makedumpfile dumps.",
    discussion: """
      And that there are enough of them: a short list of harmless frames would pass any other check.
      """)

  @Argument(help: "A dump in makedumpfile's compressed format, at the level of the ranges or a higher one.")
  var dump: String
  @Argument(help: "What 'oldmemfs scan --ranges' printed.") var ranges: String
  @Option(help: "The least share of the pages that the dump leaves out, in percent.") var least: UInt64

  func validate() throws {
    guard (1...100).contains(least) else { throw ValidationError("--least is a percentage, from 1 to 100.") }
  }

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
    try conclude(
      share >= least, "none of \(listed) frames is dumped (\(classes)): \(share)% of \(check.excluded) left out")
  }
}
