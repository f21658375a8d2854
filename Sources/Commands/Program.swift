import CPlatform
import Platform

/// The start and the end of a program, around its command.
public enum Program {
  /// Opens the standard streams and the log. It comes first: from now on messages, and faults of the program itself, are reported.
  public static func prepare() {
    FileDescriptor.openStandard()
    Log.reportFaults()
  }

  /// Runs the command that the command line names, and exits.
  public static func run(_ commands: [Command]) -> Never {
    let code: ExitCode
    do throws(Failure) { code = try run(commands, Arguments.words) } catch {
      Log.line(error.message)
      code = error.isUsage ? .usage : .failure
    }
    exit(code.rawValue)
  }

  /// A first word that names no command is the SOURCE of a mount.
  private static func run(_ commands: [Command], _ words: [Text]) throws(Failure) -> ExitCode {
    guard let first = words.first else { throw Failure(usage: "no SOURCE and no DIR") }
    if first == "--help" || first == "-h" || first == "help" {
      return try Usage.print(commands, title: "oldmemfs: a tmpfs in the memory of a crashed kernel\n\n")
    }
    if first == "--version" || first == "-V" { return try Usage.printVersion() }
    let named = commands.first { first == $0.name }
    let command = named ?? .mount
    if words.contains(where: { $0 == "--help" || $0 == "-h" }) { return try Usage.print([command]) }
    return try command.run(named == nil ? words : Array(words.dropFirst()))
  }
}

/// The program's exit codes.
public enum ExitCode: Int32 {
  case success = 0
  /// A line on standard error has the reason.
  case failure = 1
  /// The command line is wrong.
  case usage = 2
}
