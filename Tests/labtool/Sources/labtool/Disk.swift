import CommandWords
import KdumpFile

struct Disk: Check {
  static let manual = Manual(
    "disk", "Check that a disk of the crashed kernel has come to hold nothing that is not this kernel's.",
    discussion: """
      Each KiB of it that changed after the crash must be one of the pages that the kernel had in flight, those of a journal's own \
      blocks among them.
      """,
    files: [
      .init("before", "The disk at the crash."), .init("after", "The disk when it has done what was in flight."),
      .init("pages", "The pages in flight, by 'labguest save-pages'."),
    ],
    options: [.init("least", "The least that must have been written, in KiB (default 1).")])

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
