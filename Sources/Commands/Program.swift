import CPlatform
import Platform

/// A run of one of the programs: what stands around its command.
public enum Program {
  /// Comes before all else: what is said from now on goes somewhere, and so does a fault of the program's own.
  public static func prepare() {
    FileDescriptor.openStandard()
    Log.reportFaults()
  }

  /// Runs the command that the command line names, and ends.
  public static func run(_ commands: [Command]) -> Never {
    let code: ExitCode
    do throws(Failure) { code = try run(commands, Arguments.words) } catch {
      Log.line(error.message)
      code = error.isUsage ? .usage : .failure
    }
    exit(code.rawValue)
  }

  /// A first word that is no command's name is a mount's SOURCE.
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

/// What the program exits with, as mount(8) and getopt users expect.
public enum ExitCode: Int32 {
  case success = 0
  /// What was asked could not be done; a line on standard error says why.
  case failure = 1
  /// The command line makes no sense.
  case usage = 2
}
