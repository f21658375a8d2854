import CommandWords
import KdumpFile

struct Show: Check {
  static let manual = Manual(
    "show", "Check that a dump is whole, and print its kernel, level and pages.",
    files: [.init("dump", "A dump in makedumpfile's compressed format.")])

  let dump: String

  init(_ words: Words) { dump = words.files[0] }

  func run() throws {
    let dump = try Dump(path: dump)
    print(
      "\(dump.header.kernelRelease), level \(dump.header.dumpLevel), \(dump.dumpedPages) of \(dump.memoryPages) pages")
  }
}
