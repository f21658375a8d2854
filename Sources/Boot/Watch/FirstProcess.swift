import Platform

/// Process 1, as /proc shows it. The directory is kept open: after a switch of the root, this process may have no /proc.
struct FirstProcess: ~Copyable {
  private let directory: FileDescriptor
  /// Its root at first.
  private let root: FileStatus

  /// Opens /proc/1; ENOENT without /proc.
  init() throws(Errno) {
    let directory = try FileDescriptor.open(Text("/proc/1"), flags: FileDescriptor.readOnly)
    root = try FileStatus(of: Text("root"), below: directory)
    self.directory = directory
  }

  /// Whether a shutdown is near its end: systemd's process 1 is then systemd-shutdown, whose forced unmounts end the daemon, too.
  var isShuttingDown: Bool { contents("comm").hasPrefix("systemd-shutdow") }

  /// Whether process 1 sees a mount of oldmemfs. A daemon that ends in order leaves none: it ends with its last mount and its last open
  /// file. A daemon that was terminated, or whose connection was aborted (`umount -f`), leaves its bind mounts.
  var seesMount: Bool {
    let type = Text(" - fuse.oldmemfs ").bytes
    let mounts = contents("mountinfo").bytes
    guard mounts.count >= type.count else { return false }
    return (0...mounts.count - type.count).contains { mounts[$0...].starts(with: type) }
  }

  /// Whether it has another root than at first (switch_root, pivot_root): its programs, and the dump, are then on another file system.
  var hasAnotherRoot: Bool {
    guard let now = try? FileStatus(of: Text("root"), below: directory) else { return false }
    return !now.isSameFile(as: root)
  }

  private func contents(_ name: Literal) -> Text {
    (try? FileDescriptor.open(Text(name), below: directory).contents()).map { Text(bytes: $0) } ?? Text()
  }
}
