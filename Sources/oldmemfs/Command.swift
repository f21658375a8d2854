import Platform

/// The program's subcommands, with the manual of each.
enum Command: CaseIterable {
  case mount, scan, record, status, relocate
  #if OLDMEMFS_INITRAMFS
    case seal, watch, start
  #endif

  /// nil for a word that is none, such as a mount's SOURCE.
  init?(_ word: Text) {
    for command in Command.allCases where word == command.name {
      self = command
      return
    }
    return nil
  }

  var name: Literal {
    switch self {
    case .mount: return "mount"
    case .scan: return "scan"
    case .record: return "record"
    case .status: return "status"
    case .relocate: return "relocate"
    #if OLDMEMFS_INITRAMFS
      case .seal: return "seal"
      case .watch: return "watch"
      case .start: return "start"
    #endif
    }
  }

  /// How it is called and what it does, without what its options are.
  var synopsis: Literal {
    switch self {
    case .mount: return "  oldmemfs SOURCE DIR [-o OPTIONS] [-f]     mount (also: oldmemfs mount …, mount -t fuse.oldmemfs …)\n"
    case .scan: return "  oldmemfs scan SOURCE [--level N] [--json | --ranges | --excluded] [-o OPTIONS]\n"
    case .record: return "  oldmemfs record DIR [--to FILE]           a line 'FIRST_PFN COUNT' per run of pages overwritten so far\n"
    case .status: return "  oldmemfs status DIR                       how the mount at DIR is: room, limits, level, damage\n"
    case .relocate: return "  oldmemfs relocate [DIR] [--keep NAME]…    (in an initramfs) move its files into the mount at DIR\n"
    #if OLDMEMFS_INITRAMFS
      case .seal: return "  oldmemfs seal FILE                        (pack) append a payload's seal to FILE\n"
      case .watch: return "  oldmemfs watch LEVEL ACTION OPTIONS       (the first stage) mount, and act when the daemon dies\n"
      case .start: return "  oldmemfs start                            (the first stage) put the payload in place\n"
    #endif
    }
  }

  /// What follows when it is asked for by itself.
  func describe(to text: inout Text) {
    switch self {
    case .mount:
      text.append("""

        SOURCE
          oldmem          the crashed kernel, in its capture kernel: /proc/vmcore and /dev/mem
          scratch[:NAME]  anonymous memory; -o size= says how much
          FILE            an ELF vmcore; with -o overwrite its reusable pages are overwritten, with -o ro nothing is

        -f                stay in the foreground
        OPTIONS, by tmpfs's names where a tmpfs has them

        """)
      for option in Option.allCases { line(option, &text) }
      text.append("  and those that mount(8) knows for every file system: ro, nosuid, nodev, noexec, …\n")
    case .scan:
      text.append("""

        What is there, without touching anything: SOURCE is 'oldmem' or the path of an ELF vmcore.

        --level N         the dump level to report for (default 31)
        --json            print JSON
        --ranges          print a line 'FIRST_PFN COUNT CLASS' per run of reusable pages
        --excluded        print a line 'FIRST_PFN COUNT CLASS WHY' per run of pages that the dump leaves out:
                          WHY is what holds them back, or 'reusable'
        OPTIONS are a mount's level=, reuse=, store=, vmcore= and devmem=

        """)
    case .record:
      text.append("""

        --to FILE         write it to FILE, and have the process that serves DIR go on there: a line for each run of pages before
                          it is overwritten for the first time. FILE can't be in DIR itself.

        """)
    default: break
    }
  }

  private func line(_ option: Option, _ text: inout Text) {
    let start = text.bytes.count
    text.append("  %%", Text(option.name), Text(option.values))
    text.pad(to: 28, from: start)
    text.append("%\n", Text(option.help))
  }
}
