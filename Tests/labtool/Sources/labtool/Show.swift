import ArgumentParser
import KdumpFile

struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Say what a dump holds, and that it is whole.")

  @Argument(help: "A dump in makedumpfile's compressed format.") var dump: String

  func run() throws {
    let dump = try Dump(path: dump)
    print(
      "\(dump.header.kernelRelease), level \(dump.header.dumpLevel), \(dump.dumpedPages) of \(dump.memoryPages) pages")
  }
}
