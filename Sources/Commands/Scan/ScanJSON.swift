import CrashedKernel
import OldMemory
import Platform

/// The report of a scan as one JSON object.
enum ScanJSON {
  static func text(_ report: ScanReport, _ kernel: CrashedKernel, _ paths: OldMemoryPaths) -> Text {
    var text = Text(
      "{\n  \"vmcore\": %,\n  \"kernel\": %,\n  \"written_by\": %", string(paths.vmcore), string(kernel.release),
      string(StoreChoice.text(paths, kernel, report.policy)))
    let level = UInt64(report.policy.level.rawValue)
    text.append(",\n  \"level\": %,\n  \"pages\": %,\n  \"reusable_pages\": %", level, report.frames, report.totalReusable)
    text.append(",\n  \"reusable_in_2_mib\": %,\n  \"reusable_in_128_mib\": %", report.framesInPieces, report.framesInBlocks)
    text.append(
      ",\n  \"left_out_pages\": %,\n  \"sections\": %,\n  \"damaged_sections\": %", report.leftOut, UInt64(report.sections),
      UInt64(report.damagedSections))
    text.append(",\n  \"damage\": %", report.firstDamage.map { string($0.text) } ?? Text("null"))
    text.append(",\n  \"nanoseconds\": %,\n  \"classes\": {", report.nanoseconds)
    var first = true
    for frameClass in FrameClass.allCases where frameClass != .absent {
      entry(frameClass.name, &first, &text)
      text.append("{\"pages\": %, \"reusable\": %}", report[frameClass], report[reusable: frameClass])
    }
    text.append("\n  },\n  \"held_back\": {")
    first = true
    for reason in HoldReason.allCases where reason != .none {
      entry(reason.name, &first, &text)
      text.append(report[held: reason])
    }
    text.append("\n  },\n  \"longest_runs\": [")
    for (index, run) in report.longestRuns.enumerated() {
      text.append(index == 0 ? "{\"pfn\": %, \"pages\": %}" : ", {\"pfn\": %, \"pages\": %}", run.first, run.count)
    }
    text.append("]")
    map(report.map, &text)
    text.append("\n}\n")
    return text
  }

  /// The cells that hold memory: the first PFN, and the numbers of pages, of reusable pages, of pages that this kernel has by now, and of
  /// pages with an unreadable `struct page`.
  private static func map(_ map: ReuseMap, _ text: inout Text) {
    text.append(
      ",\n  \"map\": {\"cell_pages\": %, \"fields\": [\"pfn\", \"pages\", \"reusable\", \"taken\", \"unreadable\"], \"cells\": [",
      map.cellFrames)
    var isFirst = true
    for row in map.rows {
      for (index, cell) in row.cells.enumerated() where cell.frames > 0 {
        text.append(isFirst ? "\n    [%, " : ",\n    [%, ", row.first + UInt64(index) * map.cellFrames)
        isFirst = false
        text.append("%, %, ", cell.frames, cell.reusable)
        text.append("%, %]", cell.taken, cell.unreadable)
      }
    }
    text.append("\n  ]}")
  }

  @inline(never)
  private static func entry(_ name: Literal, _ first: inout Bool, _ text: inout Text) {
    text.append(first ? "\n    \"%\": " : ",\n    \"%\": ", Text(name))
    first = false
  }

  /// A JSON string. A byte that is no printable ASCII character becomes '?': a path need not be UTF-8.
  private static func string(_ value: Text) -> Text {
    var text = Text("\"")
    for byte in value.bytes {
      switch byte {
      case UInt8(ascii: "\""): text.append("\\\"")
      case UInt8(ascii: "\\"): text.append("\\\\")
      case 0x20...0x7e: text.append(byte: byte)
      default: text.append("?")
      }
    }
    text.append("\"")
    return text
  }
}
