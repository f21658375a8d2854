import Platform
import RunningKernel

/// `oldmemfs relocate [DIR] [--keep NAME]…`: moves the top-level directories and large top-level files of a running initramfs into a
/// mounted oldmemfs, and frees their memory. A file that a program has open, or runs from, stays in memory until the program closes it.
enum RelocateCommand {
  /// Returns the exit code: 0, 1 for a failure, 2 for wrong usage. What the settings' `keep=` names stays, too.
  static func run(_ words: [Text]) -> Int32 {
    let arguments: RelocateArguments
    do throws(Failure) { arguments = try RelocateArguments(words) } catch {
      Log.line(error.message)
      return 2
    }
    do throws(Failure) {
      let free = MemoryAmounts().free
      let settings = BootSettings(Files.contents(of: Boot.settingsPath))
      let outcome = try Relocation(to: arguments.target, keeping: arguments.kept + settings.keptInMemory).run()
      report(outcome, freed: MemoryAmounts().free &- free)
      return 0
    } catch {
      Log.line(error.message)
      return 1
    }
  }

  private static func report(_ outcome: Relocation.Outcome, freed: UInt64) {
    var text = Text()
    for skipped in outcome.skipped { text.append("% stays: %\n", skipped.place, skipped.reason) }
    for place in outcome.moved { text.append("% moved\n", place) }
    // Less is freed than was moved: files in use are freed later. Other programs may even have taken more memory than was freed, which
    // counts as 0.
    text.append("moved ")
    text.append(ratio: outcome.bytes, to: 1 << 20, decimals: 1)
    text.append(" MiB, freed ")
    text.append(ratio: freed > UInt64(Int64.max) ? 0 : freed, to: 1024, decimals: 1)
    text.append(" MiB\n")
    try? StandardStream.output.write(text)
  }
}

/// The arguments of `relocate`.
struct RelocateArguments {
  /// The mount point of an oldmemfs.
  var target = Text("/oldmem")
  /// The top-level directories and files that stay.
  var kept: [Text] = []

  init(_ words: [Text]) throws(Failure) {
    var operands: [Text] = []
    var isValue = false
    for word in words {
      if isValue {
        kept.append(word)
        isValue = false
      } else if word == "--keep" {
        isValue = true
      } else if word.hasPrefix("-") {
        throw Failure("unknown option '%'", word)
      } else {
        operands.append(word)
      }
    }
    if isValue { throw Failure("--keep needs a name") }
    if operands.count > 1 { throw Failure("unexpected word '%'", operands[1]) }
    if let operand = operands.first { target = operand }
  }
}
