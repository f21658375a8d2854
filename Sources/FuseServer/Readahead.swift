import Platform

/// How far ahead the kernel reads.
enum Readahead {
  /// KiB, of a file that is read or mapped in order. The kernel's default is 128. Twice as much makes cold reads and mappings half as fast again,
  /// eight times as much doubles them, and more gains nothing (`Tests/bench/run filesystem`); but a capture kernel's page cache is small.
  private static var kibibytes: UInt64 { min(max(physicalMemory >> 20, 256), 1024) }

  /// Sets it for what is mounted at a directory. It is no option of the mount: the reply to INIT can only lower it (`process_init_reply`,
  /// fs/fuse/inode.c). Without a /sys the default stays.
  static func widen(at directory: Text) {
    do throws(Errno) {
      try SysFile.write(Text("%", kibibytes), Text("/sys/class/bdi/%", Mounts.device(at: directory)), "read_ahead_kb")
    } catch {}
  }
}
