import Platform

/// The settings made when the initramfs was built: `/oldmemfs.conf` of the first stage, with lines KEY=VALUE.
struct BootSettings {
  /// The dump level (makedumpfile's `-d`) in the capture's configuration. Pages that the dump leaves out may be reused. Empty if unknown.
  var level = Text()
  /// The way to end this kernel when the daemon has died, and the files with it.
  var failureAction = FailureAction.reboot
  /// The top-level directories and files that stay in this kernel's memory.
  var keptInMemory: [Text] = []
  /// The time limit for the mount, in seconds.
  var mountSeconds: Int32 = 120
  /// More mount options, separated by commas.
  var mountOptions = Text()

  /// The RAM to add, as `oldmemfs ram` takes it; empty for none.
  var ram = Text("1g")
  /// Whether files are put into old memory, in an initramfs without a payload.
  var putsFilesInOldMemory = true
  /// The swap to turn on, as `oldmemfs swap` takes it; empty for none.
  var swap = Text()
  /// The size of the unpacked payload, in bytes; nil if the packer did not say.
  var unpacked: UInt64?

  /// Reads the lines. An unknown key is ignored, and a wrong value leaves the default: nobody is there to correct it.
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
      } else if let value = line.value(of: "ram=") {
        if value == "no" { ram = Text() } else if value.byteCount({ $0.number() }) != nil { ram = value }
      } else if let value = line.value(of: "files=") {
        putsFilesInOldMemory = !(value == "no")
      } else if let value = line.value(of: "swap=") {
        if value == "no" { swap = Text() } else if value.byteCount({ $0.number() }) != nil { swap = value }
      } else if let value = line.value(of: "unpacked=") {
        if let number = value.number() { unpacked = number }
      }
    }
  }
}

extension BootSettings {
  /// The options of a mount: the level, and more, separated by commas.
  static func options(level: Text, _ more: Text) -> Text {
    let level = Text("level=").appending(level)
    return more.bytes.isEmpty ? level : Text("%,%", level, more)
  }

  /// The options that choose pages, for a mount and for RAM.
  var reuseOptions: Text {
    var text = Text("level=").appending(level)
    for option in mountOptions.split(UInt8(ascii: ",")) where option.hasPrefix("reuse=") { text.append(",%", option) }
    return text
  }

  /// Whether the dump leaves out pages that may be reused. Zero pages may not: they must stay zeros.
  var allowsReuse: Bool { (level.number() ?? 0) & 0b11110 != 0 }

  /// Logs why no old memory is used.
  func sayNoReuse() {
    guard !level.bytes.isEmpty else { return Log.line("the dump level is not known: everything stays in memory") }
    Log.line(Text("the dump is taken at level %, which leaves out no page that may be reused: everything stays in memory", level))
  }
}

/// The way to end a capture kernel whose programs can't.
enum FailureAction: UInt8 {
  case reboot = 0x72
  case powerOff = 0x70
  case halt = 0x68

  /// Reads a value of kdump.conf's `failure_action`. Those that need programs (shell, dump_to_rootfs) become kdump's default, reboot.
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
