import CommandWords
import KdumpFile

struct Written: Check {
  static let manual = Manual(
    "written", "Check how many frames were written against how many are reusable.",
    discussion: """
      Frames that the capture kernel does not let anybody map ("RAM buffer" in /proc/iomem) are not counted. More \
      frames than are listed is a failure, too.
      """,
    files: [
      .init("ranges", "What 'oldmemfs scan --ranges' printed."), .init("iomem", "A copy of the capture kernel's /proc/iomem."),
    ],
    options: [
      .init("frames", "Frames that were written."), .init("least", "The least share of the reusable frames, in percent (default 95)."),
    ])

  let ranges: String
  let iomem: String
  let frames: UInt64
  let least: UInt64

  init(_ words: Words) throws(UsageError) {
    (ranges, iomem) = (words.files[0], words.files[1])
    frames = try words.number("frames")
    least = try words.number("least", in: 1...100, default: 95)
  }

  func run() throws {
    let list = try FrameRanges(path: ranges)
    let refused = try RefusedMemory(iomem: iomem).frames(of: list)
    let usable = list.frames - refused
    // Compared as products, not as a rounded quotient. A list of frames is far below 2^57.
    let holds = frames > 0 && frames <= list.frames && frames * 100 >= usable * least
    conclude(
      holds, "\(frames) of \(usable) reusable frames were written (\(refused) more can't be mapped)")
  }
}
