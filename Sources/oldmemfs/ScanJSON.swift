import CrashedKernel
import OldMemory
import Platform

/// The scan as one JSON object.
enum ScanJSON {
  static func text(_ report: ScanReport, _ kernel: CrashedKernel, _ paths: OldMemoryPaths) -> Text {
    var text = Text("{\n  \"vmcore\": ")
    string(paths.vmcore, &text)
    text.append(",\n  \"kernel\": ")
    string(kernel.release, &text)
    text.append(",\n  \"written_by\": ")
    var way = Text()
    StoreChoice.describe(paths, kernel, report.policy, to: &way)
    string(way, &text)
    number("level", UInt64(report.policy.level.rawValue), &text)
    number("pages", report.frames, &text)
    number("reusable_pages", report.totalReusable, &text)
    number("left_out_pages", report.leftOut, &text)
    number("sections", UInt64(report.sections), &text)
    number("damaged_sections", UInt64(report.damagedSections), &text)
    number("nanoseconds", report.nanoseconds, &text)
    text.append(",\n  \"classes\": {")
    var first = true
    for frameClass in FrameClass.allCases where frameClass != .absent {
      entry(frameClass.name, &first, &text)
      text.append("{\"pages\": ")
      text.append(report[frameClass])
      text.append(", \"reusable\": ")
      text.append(report[reusable: frameClass])
      text.append("}")
    }
    text.append("\n  },\n  \"held_back\": {")
    first = true
    for reason in HoldReason.allCases where reason != .none {
      entry(reason.name, &first, &text)
      text.append(report[held: reason])
    }
    text.append("\n  },\n  \"longest_runs\": [")
    for (index, run) in report.longestRuns.enumerated() {
      text.append(index == 0 ? "{\"pfn\": " : ", {\"pfn\": ")
      text.append(run.first)
      text.append(", \"pages\": ")
      text.append(run.count)
      text.append("}")
    }
    text.append("]")
    map(report.map, &text)
    text.append("\n}\n")
    return text
  }

  /// The cells that hold memory: where each begins, and how many of its pages there are, are reusable, and can't be told of.
  private static func map(_ map: ReuseMap, _ text: inout Text) {
    text.append(",\n  \"map\": {\"cell_pages\": ")
    text.append(map.cellFrames)
    text.append(", \"fields\": [\"pfn\", \"pages\", \"reusable\", \"unreadable\"], \"cells\": [")
    var isFirst = true
    for row in map.rows {
      for (index, cell) in row.cells.enumerated() where cell.frames > 0 {
        text.append(isFirst ? "\n    [" : ",\n    [")
        isFirst = false
        text.append(row.first + UInt64(index) * map.cellFrames)
        for number in [cell.frames, cell.reusable, cell.unreadable] {
          text.append(", ")
          text.append(number)
        }
        text.append("]")
      }
    }
    text.append("\n  ]}")
  }

  @inline(never)
  private static func number(_ name: Literal, _ value: UInt64, _ text: inout Text) {
    text.append(",\n  \"")
    text.append(name)
    text.append("\": ")
    text.append(value)
  }

  @inline(never)
  private static func entry(_ name: Literal, _ first: inout Bool, _ text: inout Text) {
    text.append(first ? "\n    \"" : ",\n    \"")
    first = false
    text.append(name)
    text.append("\": ")
  }

  /// A JSON string; bytes that are no ASCII text are shown as '?', since a path need not be UTF-8.
  private static func string(_ value: Text, _ text: inout Text) {
    text.append("\"")
    for byte in value.bytes {
      switch byte {
      case UInt8(ascii: "\""): text.append("\\\"")
      case UInt8(ascii: "\\"): text.append("\\\\")
      case 0x20...0x7e: text.append(byte: byte)
      default: text.append("?")
      }
    }
    text.append("\"")
  }
}
