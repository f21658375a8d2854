import CommandWords
import KdumpFile

struct Disk: Check {
  static let manual = Manual(
    "disk", "Check that only pages of the crashed kernel were written to its disk after the crash.",
    discussion: """
      Each KiB that changed after the crash must come from a page that the kernel had in flight. Blocks of a journal count too.
      """,
    files: [
      .init("before", "The disk at the crash."), .init("after", "The disk after the requests in flight."),
      .init("pages", "The pages in flight, by 'labguest save-pages'."),
    ],
    options: [.init("least", "How many KiB must have been written (default 1).")])

  let before: String
  let after: String
  let pages: String
  let least: UInt64

  init(_ words: Words) throws(UsageError) {
    (before, after, pages) = (words.files[0], words.files[1], words.files[2])
    least = try words.number("least", in: 1...UInt64.max, default: 1)
  }

  func run() throws {
    let check = try DiskCheck(before: MappedFile(path: before), after: MappedFile(path: after), pages: MappedFile(path: pages))
    var wrong: [String] = []
    if let first = check.foreign.first { wrong.append("NOT THE CRASHED KERNEL'S: \(check.foreign.count) (first: KiB \(first))") }
    if check.written < least { wrong.append("FEWER THAN \(least) KiB") }
    conclude("\(check.written) KiB were written after the crash", wrong: wrong)
  }
}
