import FuseServer
import Platform

/// The manual and the version.
enum Usage {
  /// Prints all of the manual, or what is of one command.
  static func print(_ only: Command? = nil) throws(Failure) -> ExitCode {
    var text = Text()
    if only == nil { text.append("oldmemfs: a tmpfs in the memory of a crashed kernel\n\n") }
    text.append("usage:\n")
    for command in Command.allCases where only == nil || only == command { text.append(command.synopsis) }
    for command in Command.allCases where only == nil || only == command { command.describe(to: &text) }
    text.append("\nUnmount with umount DIR. Exit codes: 0 done, 1 could not be done, 2 wrong usage.\n")
    return try output(text)
  }

  static func printVersion() throws(Failure) -> ExitCode { try output(Text("oldmemfs 0.1, libfuse %\n", Session.libraryVersion)) }

  /// Prints to standard output.
  static func output(_ text: Text) throws(Failure) -> ExitCode {
    do throws(Errno) { try StandardOutput.write(text) } catch { throw Failure("can't write to standard output: %", error.text) }
    return .success
  }
}
