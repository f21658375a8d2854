import Platform

/// A command: its part of the manual, and the function that runs it.
public struct Command {
  let name: Literal
  /// The line of usage, with its line end.
  let synopsis: Literal
  /// The paragraphs about its options.
  let manual: Literal
  /// Whether the mount options (`Option`) are listed after them.
  let takesMountOptions: Bool
  /// Runs it with the words after its name.
  let run: ([Text]) throws(Failure) -> ExitCode

  /// - Parameter synopsis: the line of usage, with its line end.
  public init(_ name: Literal, synopsis: Literal, run: @escaping ([Text]) throws(Failure) -> ExitCode) {
    self.init(name, synopsis: synopsis, manual: "", run: run)
  }

  private init(
    _ name: Literal, synopsis: Literal, manual: Literal, takesMountOptions: Bool = false,
    run: @escaping ([Text]) throws(Failure) -> ExitCode
  ) {
    self.name = name
    self.synopsis = synopsis
    self.manual = manual
    self.takesMountOptions = takesMountOptions
    self.run = run
  }
}

extension Command {
  public static var mount: Command {
    Command(
      "mount", synopsis: "  oldmemfs SOURCE DIR [-o OPTIONS] [-f]     mount (also: oldmemfs mount …, mount -t fuse.oldmemfs …)\n",
      manual: """

        SOURCE
          oldmem          the crashed kernel, in its capture kernel: /proc/vmcore and /dev/mem
          scratch[:NAME]  anonymous memory; -o size= says how much
          FILE            an ELF vmcore; -o overwrite lets its reusable pages be overwritten, -o ro writes nothing

        -f                stay in the foreground
        OPTIONS, named as tmpfs's where it has the same

        """, takesMountOptions: true, run: MountCommand.run)
  }

  public static var scan: Command {
    Command(
      "scan", synopsis: "  oldmemfs scan SOURCE [--level N] [--json | --ranges | --excluded] [-o OPTIONS]\n",
      manual: """

        Reports the pages of a crashed kernel, and writes nothing. SOURCE is 'oldmem' or the path of an ELF vmcore.

        --level N         the dump level to report for (default 31)
        --json            print JSON
        --ranges          print a line 'FIRST_PFN COUNT CLASS' per run of reusable pages
        --excluded        print a line 'FIRST_PFN COUNT CLASS WHY' per run of pages that the dump leaves out:
                          WHY is the reason to hold them back, or 'reusable'
        OPTIONS are a mount's level=, reuse=, store=, vmcore= and devmem=

        """, run: ScanCommand.run)
  }

  public static var record: Command {
    Command(
      "record", synopsis: "  oldmemfs record [DIR] [--to FILE]         a line 'FIRST_PFN COUNT' per run of pages overwritten so far\n",
      manual: """

        The pages that 'oldmemfs ram' has made RAM and 'oldmemfs swap' swap, and those that the mount at DIR has overwritten.

        --to FILE         write the lines to FILE, and keep it up to date: the process that serves DIR appends a run of pages
                          before it overwrites it. FILE can't be in DIR itself.

        """, run: RecordCommand.run)
  }

  public static var status: Command {
    Command(
      "status", synopsis: "  oldmemfs status DIR                       the state of the mount at DIR: room, limits, level, damage\n",
      run: StatusCommands.status)
  }

  public static var memmap: Command {
    Command(
      "memmap", synopsis: "  oldmemfs memmap [--swap SIZE | --check WORDS]  (before a crash) words for the capture kernel's command line\n",
      manual: """

        The words leave this kernel's memory to device dax in the capture kernel (soft-reserved memory: dax_hmem, kmem). Where the
        reservation lies differs from boot to boot, so make them anew whenever kdump loads the capture kernel: $(oldmemfs memmap) in the
        variable that kdump appends to its command line. If nothing can be done, nothing is printed but a line on standard error.

        --swap SIZE       leave N[k|m|g] of memory, the highest, for 'oldmemfs swap' in the capture kernel
        --check WORDS     exit with 0 if the words among WORDS, such as a whole command line, fit this boot; else say what is wrong
        --kernel RELEASE  the capture kernel's release (default: the running one's)
        --room BYTES      the bytes that the words may take (default: what this kernel's command line and 256 bytes of kdump's leave)
        --iomem FILE      read this in place of /proc/iomem

        """, run: MemmapCommand.run)
  }

  public static var ram: Command {
    Command(
      "ram", synopsis: "  oldmemfs ram [SIZE] [-o level=N,reuse=…]  (after a crash) add RAM out of the crashed kernel's memory\n",
      manual: """

        Whole blocks of memory (128 MiB or more) that the dump leaves out and nobody uses become RAM of this kernel, for programs and for
        the kernel itself: free pages first, then page cache, then pages of processes. The words of 'oldmemfs memmap' must be on the
        command line. Before any mount of the same memory.

        SIZE              as many blocks as fit into N[k|m|g] (default 1g)
        --dry-run VMCORE  list the blocks that a vmcore has, the best first, as lines 'FIRST_PFN COUNT'; nothing is added
        OPTIONS are a mount's level= and reuse=

        """, run: RamCommand.run)
  }

  public static var swap: Command {
    Command(
      "swap", synopsis: "  oldmemfs swap [SIZE] [-o level=N,reuse=…] | --off  (after a crash) swap to the crashed kernel's memory\n",
      manual: """

        Pages of the memory that 'oldmemfs memmap --swap' left for it become swap space of this kernel, if the dump leaves them out and nobody
        uses them: free pages first, and without a program that serves them. Nothing checks that they still hold what was swapped.

        SIZE              as much as N[k|m|g] (default: all that there is)
        --off             bring back what is swapped, and end it
        OPTIONS are a mount's level= and reuse=

        """, run: SwapCommand.run)
  }

  /// A script of the dracut module's: kdump's configurations are shell scripts, too.
  public static var check: Command {
    Command(
      "check", synopsis: "  oldmemfs check [--image FILE]             (before a crash) say what a crash would do, and what to change\n",
      manual: """

        Reads kdump's configuration and image, and this kernel. Exits with 0 if a capture uses old memory and nothing should be changed.

        """
    ) { words throws(Failure) in
      for place in ["/usr/lib/dracut/modules.d/01oldmemfs/check", "/usr/share/oldmemfs/check"] as [Literal] {
        do throws(Errno) { try ThisProcess.execute(Text(place), [Text(place)] + words) } catch {}
      }
      throw Failure("the dracut module is not installed: there is no /usr/lib/dracut/modules.d/01oldmemfs, nor /usr/share/oldmemfs")
    }
  }

  /// The program of a machine has it, too, with a `run` that fails: only an initramfs's program can relocate.
  public static func relocate(run: @escaping ([Text]) throws(Failure) -> ExitCode) -> Command {
    Command(
      "relocate", synopsis: "  oldmemfs relocate [DIR] [--keep NAME]…    (in an initramfs) move its files into the mount at DIR\n", run: run
    )
  }
}
