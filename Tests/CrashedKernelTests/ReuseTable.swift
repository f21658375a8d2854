import Foundation
import Platform
import TestSupport
import Testing

@testable import CrashedKernel

/// The tables of `Sources/CrashedKernel/Reuse/REUSE.md`: the rule as the document has it.
struct ReuseTable {
  /// A row of "The classes".
  struct Class {
    let name: String
    /// The bits of the dump level, any of which leaves the class out; none if the class is never taken.
    let levels: [UInt32]
    /// Whether it may become RAM.
    let asRAM: Bool
  }

  /// A row of "What must hold besides".
  struct Condition: Hashable, CustomStringConvertible {
    let page: String
    /// The result if a page does not meet it: the name of a `HoldReason` or a `FrameClass`.
    let otherwise: String

    var description: String { "\(page), otherwise \(otherwise)" }
  }

  let classes: [Class]
  let conditions: [Condition]
  /// The rows of conditions whose last column is empty.
  let withoutSource: [Condition]

  init() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/CrashedKernel/Reuse/REUSE.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    classes = try Self.rows(of: "| class | level |", in: text).map { cells in
      let name = try Self.code(cells[0])
      try #require(["yes", "no"].contains(cells[2]), "\(name): '\(cells[2])' is neither 'yes' nor 'no'")
      let asRAM = cells[2] == "yes"
      if cells[1] == "never" { return Class(name: name, levels: [], asRAM: asRAM) }
      let levels = cells[1].split(separator: ",").compactMap { UInt32($0.trimmingCharacters(in: .whitespaces)) }
      try #require(!levels.isEmpty, "\(name): '\(cells[1])' is neither levels nor 'never'")
      return Class(name: name, levels: levels, asRAM: asRAM)
    }
    let rows = try Self.rows(of: "| page | needs | otherwise |", in: text)
    conditions = try rows.map { Condition(page: $0[0], otherwise: try Self.code($0[2])) }
    withoutSource = zip(conditions, rows).filter { $1.count < 4 || $1[3].isEmpty }.map { $0.0 }
  }

  /// The cells of the table whose first line begins with `header`.
  private static func rows(of header: String, in text: String) throws -> [[String]] {
    let lines = text.components(separatedBy: "\n")
    let first = try #require(lines.firstIndex { $0.hasPrefix(header) }, "no table '\(header)'")
    return lines[(first + 2)...].prefix { $0.hasPrefix("|") }.map { line in
      line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map { $0.trimmingCharacters(in: .whitespaces) }
    }
  }

  /// The words in backquotes of a cell.
  private static func code(_ cell: String) throws -> String {
    try #require(cell.hasPrefix("`") && cell.hasSuffix("`") && cell.count > 2, "'\(cell)' is no name between backquotes")
    return String(cell.dropFirst().dropLast())
  }
}

extension FrameClass {
  var nameInTable: String { Text(name).string }
}

extension HoldReason {
  var nameInTable: String { Text(name).string }
}
