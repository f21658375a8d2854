import CPlatform
import Platform

#if OLDMEMFS_INITRAMFS
  import Boot
#endif

@main
struct Main {
  static func main() {
    FileDescriptor.openStandard()
    Log.reportFaults()
    let code: ExitCode
    do throws(Failure) { code = try run(Arguments.words) } catch {
      Log.line(error.message)
      code = error.isUsage ? .usage : .failure
    }
    exit(code.rawValue)
  }

  private static func run(_ words: [Text]) throws(Failure) -> ExitCode {
    #if OLDMEMFS_INITRAMFS
      // The kernel starts the first stage's /init, which is this program by another name. Any program is the first process of its own
      // container.
      if getpid() == 1, Arguments.programName == "init" { return Boot.run() == 0 ? .success : .failure }
    #endif
    guard let first = words.first else { throw Failure(usage: "no SOURCE and no DIR") }
    if first == "--help" || first == "-h" || first == "help" { return try Usage.print() }
    if first == "--version" || first == "-V" { return try Usage.printVersion() }
    let command = Command(first) ?? .mount
    if words.contains(where: { $0 == "--help" || $0 == "-h" }) { return try Usage.print(command) }
    let rest = Array(words.dropFirst())
    #if OLDMEMFS_INITRAMFS
      if let code = BootCommands.run(first, rest) { return ExitCode(rawValue: code) ?? .failure }
    #endif
    switch command {
    case .mount: return try MountCommand.run(first == "mount" ? rest : words)
    case .scan: return try ScanCommand.run(rest)
    case .record: return try RecordCommand.run(rest)
    case .status: return try StatusCommands.status(rest)
    default: throw Failure(usage: "only the program that dracut-module/install builds for an initramfs can relocate")
    }
  }
}

/// What the program exits with, as mount(8) and getopt users expect.
enum ExitCode: Int32 {
  case success = 0
  /// What was asked could not be done; a line on standard error says why.
  case failure = 1
  /// The command line makes no sense.
  case usage = 2
}
