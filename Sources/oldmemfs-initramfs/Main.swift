import Boot
import CPlatform
import Commands
import Platform

/// The program of an initramfs's first stage: static, its /init, and all that the other program does.
@main
struct Main {
  static func main() {
    Program.prepare()
    // The kernel starts the first stage's /init, which is this program by another name. Any program is the first process of its own
    // container.
    if getpid() == 1, Arguments.programName == "init" { exit(Boot.run()) }
    Program.run([.mount, .scan, .record, .status, relocate, seal, watch, start])
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
