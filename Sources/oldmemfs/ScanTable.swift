import CrashedKernel
import OldMemory
import Platform

/// The scan as a table for people, in 80 columns.
enum ScanTable {
  static func text(_ report: ScanReport, _ kernel: CrashedKernel, _ paths: OldMemoryPaths) -> Text {
    var text = Text()
    field("vmcore", &text) { $0.append(paths.vmcore) }
    field("kernel", &text) { $0.append(kernel.release) }
    field("memory", &text) { text in
      text.append(report.frames / 256)
      text.append(" MiB in ")
      text.append(report.sections)
      text.append(" sections of 128 MiB")
      if report.damagedSections > 0 {
        text.append(", of which ")
        text.append(report.damagedSections)
        text.append(" can't be read")
      }
    }
    field("written by", &text) { StoreChoice.describe(paths, kernel, report.policy, to: &$0) }
    text.append("\nclass             pages        MiB   reusable at level ")
    text.append(report.policy.level.rawValue)
    text.append("\n")
    for frameClass in FrameClass.allCases where frameClass != .absent { row(frameClass, report, &text) }
    text.append("total      ")
    amount(report.frames, &text)
    amount(report.totalReusable, &text)
    text.append("\n")
    appendHeld(report, &text)
    appendRuns(report, &text)
    ScanMap.append(report.map, &text)
    text.append("\nscanned in ")
    text.append(ratio: report.nanoseconds, to: 1_000_000, decimals: 1)
    text.append(" ms\n")
    return text
  }

  private static func field(_ name: Literal, _ text: inout Text, _ value: (inout Text) -> Void) {
    let start = text.bytes.count
    text.append(name)
    text.pad(to: 12, from: start)
    value(&text)
    text.append("\n")
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

  /// Pages and MiB.
  private static func amount(_ frames: UInt64, _ text: inout Text, width: Int = 12) {
    text.append(frames, width: width)
    text.append(ratio: frames * 10, to: 2560, decimals: 1, width: 11)
  }

  private static func appendHeld(_ report: ScanReport, _ text: inout Text) {
    for reason in HoldReason.allCases where report[held: reason] > 0 {
      text.append("held back ")
      text.append(report[held: reason], width: 13)
      text.append(ratio: report[held: reason] * 10, to: 2560, decimals: 1, width: 11)
      text.append("   ")
      text.append(reason.name)
      text.append("\n")
    }
  }

  private static func appendRuns(_ report: ScanReport, _ text: inout Text) {
    guard !report.longestRuns.isEmpty else { return }
    text.append("\nlongest runs, in pages:")
    for run in report.longestRuns {
      text.append("  ")
      text.append(run.count)
      text.append(" at ")
      text.append(run.first)
    }
    text.append("\n")
  }
}
