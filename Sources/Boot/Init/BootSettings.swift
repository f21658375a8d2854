import Platform

/// What was decided when the initramfs was built: `/oldmemfs.conf` of the first stage, a line KEY=VALUE each.
struct BootSettings {
  /// makedumpfile's `-d` of the capture's own configuration; old memory is used as far as that leaves it out. Empty if nobody said.
  var level = Text()
  /// What ends this kernel when the files are gone with the daemon.
  var failureAction = FailureAction.reboot
  /// Top-level directories that stay in this kernel's memory, whatever happens.
  var keptInMemory: [Text] = []
  /// How long the mount may take, in seconds, before it is given up.
  var mountSeconds: Int32 = 120
  /// Further options of the mount, separated by commas.
  var mountOptions = Text()

  /// Reads the lines; what is unknown or makes no sense is left at its default, since nobody is there to correct it.
  init(_ text: Text) {
    for line in text.split(UInt8(ascii: "\n")) {
      if let value = line.value(of: "level=") {
        if let number = value.number(), number <= 31 { level = value }
      } else if let value = line.value(of: "failure_action=") {
        failureAction = FailureAction(value)
      } else if let value = line.value(of: "keep=") {
        keptInMemory.append(value)
      } else if let value = line.value(of: "timeout=") {
        if let number = value.number(), 1...3600 ~= number { mountSeconds = Int32(number) }
      } else if let value = line.value(of: "options=") {
        mountOptions = value
      }
    }
  }
}

extension BootSettings {
  /// Whether the dump leaves out anything that may be reused: more than pages of zeros, which have to stay zeros.
  var allowsReuse: Bool { (level.number() ?? 0) & 0b11110 != 0 }

  /// Says in the log why old memory is not to be used.
  func sayNoReuse() {
    guard !level.bytes.isEmpty else { return Log.line("the dump level is not known: everything stays in memory") }
    Log.line(Text("the dump is taken at level %, which leaves out nothing that may be reused: everything stays in memory", level))
  }
}

/// How a capture kernel ends when its programs can't be trusted to end it.
enum FailureAction: UInt8 {
  case reboot = 0x72
  case powerOff = 0x70
  case halt = 0x68

  /// By the words of kdump.conf's `failure_action`. What needs programs (shell, dump_to_rootfs) can't be had without them;
  /// kdump's own default is to reboot.
  init(_ word: Text) {
    if word == "poweroff" { self = .powerOff } else if word == "halt" { self = .halt } else { self = .reboot }
  }

  var name: Literal {
    switch self {
    case .reboot: "reboot"
    case .powerOff: "poweroff"
    case .halt: "halt"
    }
  }
}
