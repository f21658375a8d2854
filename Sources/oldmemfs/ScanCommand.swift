import CrashedKernel
import OldMemory
import Platform

/// `oldmemfs scan SOURCE [--level N] [--json | --ranges]`: what is there, without touching anything.
enum ScanCommand {
  static func run(_ words: [Text]) -> ExitCode {
    let arguments: ScanArguments
    do throws(UsageError) { arguments = try ScanArguments(words) } catch { return error.report() }
    do throws(Failure) { return try scan(arguments) } catch {
      Log.line(error.message)
      return .failure
    }
  }

  private static func scan(_ arguments: ScanArguments) throws(Failure) -> ExitCode {
    guard case .crashed(let paths) = MemorySource(arguments.source, arguments.memory)
    else { throw Failure(Text("scratch memory has nothing to scan; give 'oldmem' or the path of a vmcore")) }
    let kernel = try CrashedKernel.open(paths.vmcore)
    let policy = ReusePolicy(level: DumpLevel(rawValue: arguments.level))
    switch arguments.format {
    case .ranges: return ranges(kernel, policy)
    case .table: return Usage.output(ScanTable.text(ScanReport(of: kernel, policy: policy), kernel, paths))
    case .json: return Usage.output(ScanJSON.text(ScanReport(of: kernel, policy: policy), kernel, paths))
    }
  }

  /// A line 'FIRST_PFN COUNT CLASS' for each run.
  private static func ranges(_ kernel: CrashedKernel, _ policy: ReusePolicy) -> ExitCode {
    var text = Text()
    var exitCode = ExitCode.success
    let report = ScanReport(of: kernel, policy: policy) { first, count, frameClass in
      text.append(first)
      text.append(" ")
      text.append(count)
      text.append(" ")
      text.append(frameClass.name)
      text.append("\n")
      if text.bytes.count > 1 << 16 {
        if Usage.output(text) != .success { exitCode = .failure }
        text = Text()
      }
    }
    if Usage.output(text) != .success { exitCode = .failure }
    warnOfDamage(report)
    return exitCode
  }

  private static func warnOfDamage(_ report: ScanReport) {
    guard report.damagedSections > 0 else { return }
    var text = Text()
    text.append(report.damagedSections)
    text.append(" of ")
    text.append(report.sections)
    text.append(" sections can't be read and are left alone")
    if let error = report.firstDamage {
      text.append(": ")
      error.describe(to: &text)
    }
    Log.line(text)
  }
}
