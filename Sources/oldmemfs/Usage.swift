import Platform

/// The manual and the version.
enum Usage {
  /// Prints all of the manual, or what is of one command.
  static func print(_ only: Command? = nil) -> ExitCode {
    var text = Text()
    if only == nil { text.append("oldmemfs: a tmpfs in the memory of a crashed kernel\n\n") }
    text.append("usage:\n")
    for command in Command.allCases where only == nil || only == command { text.append(command.synopsis) }
    for command in Command.allCases where only == nil || only == command { command.describe(to: &text) }
    text.append("\nUnmount with umount DIR. Exit codes: 0 done, 1 could not be done, 2 wrong usage.\n")
    return output(text)
  }

  static func printVersion() -> ExitCode { output(Text("oldmemfs 0.1\n")) }

  /// Prints to standard output.
  static func output(_ text: Text) -> ExitCode {
    do throws(Errno) {
      try StandardOutput.write(text)
      return .success
    } catch { return .failure }
  }
}
