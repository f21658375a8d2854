import Platform

/// The help text and the version.
enum Usage {
  static func print() -> ExitCode {
    var text = Text()
    text.append("""
      oldmemfs: a tmpfs in the memory of a crashed kernel

      usage:
        oldmemfs SOURCE DIR [-o OPTIONS] [-f]     mount (also: oldmemfs mount …, mount -t fuse.oldmemfs …)
        oldmemfs scan SOURCE [--level N] [--json | --ranges | --excluded] [-o OPTIONS]
        oldmemfs record DIR                       a line 'FIRST_PFN COUNT' per run of pages overwritten so far
        oldmemfs status DIR                       how the mount at DIR is

      SOURCE
        oldmem          the crashed kernel, in its capture kernel: /proc/vmcore and /dev/mem
        scratch         anonymous memory; -o size= says how much
        FILE            an ELF vmcore, whose reusable pages are overwritten

      mount options, by tmpfs's names
        size=N[k|m|g|%]     the most that file data may take; % of all reusable frames (default: all of them)
        nr_inodes=N[k|m|g]  the most inodes (default: no limit but the metadata's memory)
        mode=OCTAL uid=N gid=N   of the root directory
        remount         change size=, nr_inodes=, ro, … of what is mounted (mount -o remount,size=1g DIR)
      mount options of its own
        level=N         makedumpfile's dump level (-d): what the dump leaves out may be used (default: what
                        /etc/kdump.conf or /etc/default/kdump-tools name; if they name none 16, free pages)
        reuse=free|cache|user   how far to go: free pages, page cache too, pages of processes too
        store=devmem|vmcore   how frames are written (default: what works, /dev/mem first)
        vmcore=FILE     read this in place of /proc/vmcore
        devmem=FILE     write through this in place of /dev/mem
        nochecksum      don't check what is read against the checksum of what was written
      and those that mount(8) knows for every file system: ro, nosuid, nodev, noexec, …

      -f                stay in the foreground
      --level N         (scan) the dump level to report for (default 31)
      --json            (scan) print JSON
      --ranges          (scan) print a line 'FIRST_PFN COUNT CLASS' per run of reusable frames
      --excluded        (scan) print a line 'FIRST_PFN COUNT CLASS WHY' per run of frames that the dump leaves out:
                        WHY is what holds them back, or 'reusable'

      Unmount with umount DIR. Exit codes: 0 done, 1 could not be done, 2 wrong usage.

      """)
    #if OLDMEMFS_INITRAMFS
      text.append("""
        In an initramfs
          oldmemfs relocate [DIR] [--keep NAME]…    move its files into the mount at DIR (default /oldmem)

        """)
    #endif
    return output(text)
  }

  static func printVersion() -> ExitCode { output(Text("oldmemfs 0.1\n")) }

  /// Prints to standard output.
  static func output(_ text: Text) -> ExitCode {
    do throws(Errno) {
      try StandardOutput.write(text)
      return .success
    } catch { return .failure }
  }
}
