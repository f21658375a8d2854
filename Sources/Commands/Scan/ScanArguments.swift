import CrashedKernel
import FuseServer
import Platform

/// The arguments of `oldmemfs scan SOURCE [--level N] [--json | --ranges | --excluded] [-o OPTIONS]`.
final class ScanArguments {
  enum Format: Int {
    case json, ranges, excluded, table
  }

  var source = Text()
  var format = Format.table
  let memory = MemoryArguments()

  /// The dump level to report for.
  var level: DumpLevel { memory.scanLevel }

  init(_ words: [Text]) throws(Failure) {
    let parsed = try OptionParser.parse(words, valued: ["--level"])
    for word in parsed.options {
      if let place = word.place(in: "json ranges excluded"), let named = Format(rawValue: place) {
        guard format == .table || format == named else { throw Failure(usage: "--json, --ranges and --excluded exclude each other") }
        format = named
      } else if let option = try GivenOption(word), Self.isForScans(option.option), try memory.take(option) {
        continue
      } else {
        throw .unknown(word)
      }
    }
    let operands = parsed.operands
    guard let first = operands.first else { throw Failure(usage: "a SOURCE is needed") }
    guard operands.count == 1 else { throw .unexpected(operands[1]) }
    source = first
  }

  /// Whether a scan takes an option. It writes nothing, so it takes neither `overwrite` nor checksums.
  private static func isForScans(_ option: Option) -> Bool {
    switch option {
    case .level, .reuse, .store, .vmcore, .device: return true
    default: return false
    }
  }
}
