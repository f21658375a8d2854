import CrashedKernel
import FuseServer
import Platform

/// What `oldmemfs scan SOURCE [--level N] [--json | --ranges | --excluded] [-o OPTIONS]` says.
final class ScanArguments {
  enum Format {
    case table
    case json
    case ranges
    case excluded
  }

  var source = Text()
  var format = Format.table
  let memory = MemoryArguments()

  /// The level that is reported for: 31 unless said.
  var level: DumpLevel { memory.namedLevel ?? DumpLevel(rawValue: 31) }

  init(_ words: [Text]) throws(Failure) {
    guard let parsed = OptionParser.parse(words, valued: ["--level"]) else { throw Failure(usage: "the options can't be parsed") }
    for option in parsed.options {
      if option == "json" {
        format = .json
      } else if option == "ranges" {
        format = .ranges
      } else if option == "excluded" {
        format = .excluded
      } else if try !memory.take(option) {
        throw .unknown(option)
      }
    }
    let operands = parsed.operands
    guard let first = operands.first else { throw Failure(usage: "a SOURCE is needed") }
    guard operands.count == 1 else { throw .unexpected(operands[1]) }
    source = first
  }
}
