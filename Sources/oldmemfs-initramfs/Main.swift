import Boot
import CPlatform
import Commands
import Platform

/// The static program of an initramfs's first stage: its /init, and the commands of the other program.
@main
struct Main {
  static func main() {
    Program.prepare()
    // The first stage's /init is this program. Process 1 alone would not tell: a container's first process is that, too.
    if getpid() == 1, Arguments.programName == "init" { exit(Boot.run()) }
    if getpid() == 1, Arguments.programName == "systemd-shutdown" { exit(BootCommands.shutDown(Arguments.words)) }
    Program.run([.mount, .scan, .ram, .swap, .record, .status, relocate, seal, watch, start])
  }

  private static var relocate: Command {
    .relocate { words throws(Failure) in ExitCode(BootCommands.relocate(words)) }
  }

  private static var seal: Command {
    Command("seal", synopsis: "  oldmemfs seal FILE                        (pack) append a payload's seal to FILE\n") {
      words throws(Failure) in ExitCode(BootCommands.seal(words))
    }
  }

  private static var watch: Command {
    Command("watch", synopsis: "  oldmemfs watch LEVEL ACTION OPTIONS       (the first stage) mount, and act when the daemon dies\n") {
      words throws(Failure) in ExitCode(BootCommands.watch(words))
    }
  }

  private static var start: Command {
    Command("start", synopsis: "  oldmemfs start                            (without a payload) mount /oldmem, watched\n") {
      _ throws(Failure) in ExitCode(BootCommands.start())
    }
  }
}

extension ExitCode {
  fileprivate init(_ code: Int32) { self = ExitCode(rawValue: code) ?? .failure }
}
