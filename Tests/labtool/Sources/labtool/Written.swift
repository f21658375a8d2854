import CommandWords
import KdumpFile

struct Written: Check {
  static let manual = Manual(
    "written", "Compare the number of written frames with the number of reusable ones.",
    discussion: """
      Frames that the capture kernel does not allow to be mapped ("RAM buffer" in /proc/iomem, unless it was booted with \
      iomem=relaxed) are not counted. More written frames than that is a failure too.
      """,
    files: [
      .init("ranges", "The output of 'oldmemfs scan --ranges'."), .init("iomem", "A copy of the capture kernel's /proc/iomem."),
      .init("cmdline", "A copy of its /proc/cmdline."),
    ],
    options: [
      .init("frames", "The number of written frames."), .init("least", "The least share of the reusable frames, in percent (default 95)."),
    ])

  let ranges: String
  let iomem: String
  let commandLine: String
  let frames: UInt64
  let least: UInt64

  init(_ words: Words) throws(UsageError) {
    (ranges, iomem, commandLine) = (words.files[0], words.files[1], words.files[2])
    frames = try words.number("frames")
    least = try words.number("least", in: 1...100, default: 95)
  }

  func run() throws {
    let list = try FrameRanges(path: ranges)
    let refused = try RefusedMemory(iomem: iomem, commandLine: commandLine).frames(of: list)
    let usable = list.frames - refused
    var wrong: [String] = []
    // Compared as products, not as a rounded quotient. A list of frames is far below 2^57.
    if frames == 0 || frames * 100 < usable * least { wrong.append("FEWER THAN \(least)%") }
    if frames > usable { wrong.append("MORE THAN THERE ARE") }
    conclude("\(frames) of \(usable) reusable frames were written (\(refused) more can't be mapped)", wrong: wrong)
  }
}
