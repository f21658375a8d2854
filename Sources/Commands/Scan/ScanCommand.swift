import CrashedKernel
import OldMemory
import Platform

/// `oldmemfs scan SOURCE [--level N] [--json | --ranges | --excluded]`: reports a crashed kernel's pages. It only reads.
enum ScanCommand {
  static func run(_ words: [Text]) throws(Failure) -> ExitCode {
    let arguments = try ScanArguments(words)
    guard case .crashed(let paths) = MemorySource(arguments.source, arguments.memory)
    else { throw Failure("scratch memory has nothing to scan; give 'oldmem' or the path of a vmcore") }
    let kernel = try CrashedKernel.open(paths.vmcore)
    try kernel.leaveTaken(paths.vmcore)
    let policy = ReusePolicy(level: arguments.level)
    switch arguments.format {
    case .ranges: return try ranges(kernel, policy)
    case .excluded: return try excluded(kernel, policy)
    case .table: return try Usage.output(ScanTable.text(ScanReport(of: kernel, policy: policy), kernel, paths))
    case .json: return try Usage.output(ScanJSON.text(ScanReport(of: kernel, policy: policy), kernel, paths))
    }
  }

  /// Prints a line 'FIRST_PFN COUNT CLASS' for each run of reusable pages.
  private static func ranges(_ kernel: CrashedKernel, _ policy: ReusePolicy) throws(Failure) -> ExitCode {
    var lines = Lines()
    let report = ScanReport(of: kernel, policy: policy) { first, count, frameClass in
      lines.append(first, count, frameClass.name)
    }
    warnOfDamage(report)
    return try lines.finish()
  }

  /// Prints a line 'FIRST_PFN COUNT CLASS WHY' for each run that the dump leaves out. WHY is the reason to hold it back, or 'reusable'.
  private static func excluded(_ kernel: CrashedKernel, _ policy: ReusePolicy) throws(Failure) -> ExitCode {
    var lines = Lines()
    let report = ScanReport(
      of: kernel, policy: policy,
      onStretch: { first, count, state in
        guard policy.level.leavesOut(state.frameClass) else { return }
        lines.append(first, count, state.frameClass.name, policy.isReusable(state) ? "reusable" : state.hold.name)
      })
    warnOfDamage(report)
    return try lines.finish()
  }

  /// Lines of output, printed in batches of 64 KiB.
  private struct Lines {
    private var text = Text()
    private var failure: Failure?

    mutating func append(_ first: UInt64, _ count: UInt64, _ name: Literal, _ reason: Literal? = nil) {
      text.append("% % ", first, count)
      text.append(reason == nil ? "%\n" : "% %\n", Text(name), Text(reason ?? ""))
      if text.bytes.count > 1 << 16 { print() }
    }

    private mutating func print() {
      do throws(Failure) { _ = try Usage.output(text) } catch { failure = error }
      text = Text()
    }

    mutating func finish() throws(Failure) -> ExitCode {
      print()
      if let failure { throw failure }
      return .success
    }
  }

  private static func warnOfDamage(_ report: ScanReport) {
    guard report.damagedSections > 0 else { return }
    var text = Text("% of % sections can't be read and are left alone", UInt64(report.damagedSections), UInt64(report.sections))
    if let error = report.firstDamage { text.append(": %", error.text) }
    Log.line(text)
  }
}
