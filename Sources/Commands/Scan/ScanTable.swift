import CrashedKernel
import OldMemory
import Platform

/// The report of a scan as a table, in 80 columns.
enum ScanTable {
  static func text(_ report: ScanReport, _ kernel: CrashedKernel, _ paths: OldMemoryPaths) -> Text {
    var text = Text()
    text.appendField("vmcore", paths.vmcore)
    text.appendField("kernel", kernel.release)
    let isDamaged = report.damagedSections > 0
    text.appendField(
      "memory",
      Text(
        isDamaged ? "% MiB in % sections of 128 MiB, of which % can't be read" : "% MiB in % sections of 128 MiB",
        report.frames / 256, UInt64(report.sections), UInt64(report.damagedSections)))
    if let error = report.firstDamage { text.appendField("can't read", error.text) }
    text.appendField("written by", StoreChoice.text(paths, kernel, report.policy))
    text.append("\nclass             pages        MiB   reusable at level %\n", UInt64(report.policy.level.rawValue))
    for frameClass in FrameClass.allCases where frameClass != .absent { row(frameClass, report, &text) }
    text.append("total      ")
    amount(report.frames, &text)
    amount(report.totalReusable, &text)
    text.append("\n")
    part("of it in whole pieces of 2 MiB", report.framesInPieces, &text)
    part("in whole blocks of 128 MiB, for RAM", report.framesInBlocks, &text)
    appendHeld(report, &text)
    appendRuns(report, &text)
    ScanMap.append(report.map, &text)
    text.append("\nscanned in ")
    text.append(ratio: report.nanoseconds, to: 1_000_000, decimals: 1)
    text.append(" ms\n")
    return text
  }

  private static func row(_ frameClass: FrameClass, _ report: ScanReport, _ text: inout Text) {
    let start = text.bytes.count
    text.append(frameClass.name)
    text.pad(to: 11, from: start)
    if text.bytes.count - start > 11 { text.pad(to: 14, from: start) }
    amount(report[frameClass], &text, width: 23 - (text.bytes.count - start))
    if report[reusable: frameClass] > 0 { amount(report[reusable: frameClass], &text) }
    text.append("\n")
  }

  /// Appends a line: a part of the reusable pages.
  private static func part(_ name: Literal, _ frames: UInt64, _ text: inout Text) {
    let start = text.bytes.count
    text.append(name)
    text.pad(to: 34, from: start)
    amount(frames, &text, width: 46 - (text.bytes.count - start))
    text.append("\n")
  }

  /// Appends two columns: pages and MiB.
  private static func amount(_ frames: UInt64, _ text: inout Text, width: Int = 12) {
    text.append(frames, width: width)
    text.append(ratio: frames * 10, to: 2560, decimals: 1, width: 11)
  }

  private static func appendHeld(_ report: ScanReport, _ text: inout Text) {
    for reason in HoldReason.allCases where report[held: reason] > 0 {
      text.append("held back ")
      amount(report[held: reason], &text, width: 13)
      text.append("   %\n", Text(reason.name))
    }
  }

  private static func appendRuns(_ report: ScanReport, _ text: inout Text) {
    guard !report.longestRuns.isEmpty else { return }
    text.append("\nlongest runs, in pages:")
    for run in report.longestRuns { text.append("  % at %", run.count, run.first) }
    text.append("\n")
  }
}
