import ArgumentParser
import KdumpFile

struct Written: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check how many frames were written against how many are reusable.",
    discussion: """
      Frames that the capture kernel does not let anybody map ("RAM buffer" in /proc/iomem) are not counted. More \
      frames than are listed is a failure, too.
      """)

  @Argument(help: "What 'oldmemfs scan --ranges' printed.") var ranges: String
  @Argument(help: "A copy of the capture kernel's /proc/iomem.") var iomem: String
  @Option(help: "Frames that were written.") var frames: UInt64
  @Option(help: "The least share of the reusable frames, in percent.") var least: UInt64 = 95

  func validate() throws {
    guard (1...100).contains(least) else { throw ValidationError("--least is a percentage, from 1 to 100.") }
  }

  func run() throws {
    let list = try FrameRanges(path: ranges)
    let refused = try RefusedMemory(iomem: iomem).frames(of: list)
    let usable = list.frames - refused
    // Compared as products, not as a rounded quotient. A list of frames is far below 2^57.
    let holds = frames > 0 && frames <= list.frames && frames * 100 >= usable * least
    try conclude(
      holds, "\(frames) of \(usable) reusable frames were written (\(refused) more can't be mapped)")
  }
}
