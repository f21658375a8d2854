import CPlatform
import FuseServer
import Platform

/// The manual and the version.
enum Usage {
  /// Prints a title and the manual of these commands.
  static func print(_ commands: [Command], title: Literal = "") throws(Failure) -> ExitCode {
    var text = Text(title)
    text.append("usage:\n")
    for command in commands { text.append(command.synopsis) }
    for command in commands {
      text.append(command.manual)
      if command.takesMountOptions { appendMountOptions(to: &text) }
    }
    text.append("\nUnmount with umount DIR. Exit codes: 0 success, 1 failure, 2 wrong usage.\n")
    return try output(text)
  }

  private static func appendMountOptions(to text: inout Text) {
    for option in Option.allCases {
      let start = text.bytes.count
      text.append("  %%", Text(option.name), Text(option.values))
      text.pad(to: 28, from: start)
      text.append("%\n", Text(option.help))
    }
    text.append("  and mount(8)'s options for every file system: ro, nosuid, nodev, noexec, …\n")
  }

  static func printVersion() throws(Failure) -> ExitCode {
    var build = Text()
    build.append(cString: cplatform_build())
    return try output(Text("oldmemfs 0.1.0, %, libfuse %\n", build, Session.libraryVersion))
  }

  /// Prints to standard output.
  static func output(_ text: Text) throws(Failure) -> ExitCode {
    do throws(Errno) { try StandardStream.output.write(text) } catch { throw Failure("can't write to standard output: %", error.text) }
    return .success
  }
}
