import Platform

/// Process 1, as /proc shows it, through a directory that is kept open: after a switch of the root this process may have a root in
/// which there is no /proc.
struct FirstProcess: ~Copyable {
  private let directory: FileDescriptor
  /// The root that it had at first.
  private let root: FileStatus

  /// ENOENT without /proc.
  init() throws(Errno) {
    let directory = try FileDescriptor.open(Text("/proc/1"), flags: FileDescriptor.readOnly)
    root = try FileStatus(of: Text("root"), below: directory)
    self.directory = directory
  }

  /// The end of a shutdown unmounts by force, which ends the daemon too: systemd's PID 1 is systemd-shutdown then.
  var isShuttingDown: Bool { contents("comm").hasPrefix("systemd-shutdow") }

  /// Whether an oldmemfs is mounted anywhere that process 1 sees. One whose daemon ended in order is not: what ends it is that its
  /// last mount, and its last open file, are gone. A daemon that was told to end, or a connection that was cut (`umount -f`),
  /// leaves its bind mounts.
  var seesMount: Bool {
    let type = Text(" - fuse.oldmemfs ").bytes
    let mounts = contents("mountinfo").bytes
    guard mounts.count >= type.count else { return false }
    return (0...mounts.count - type.count).contains { mounts[$0...].starts(with: type) }
  }

  /// Whether it has left the root that it had (switch_root, pivot_root): its programs, and the dump, are of another file system.
  var hasAnotherRoot: Bool {
    guard let now = try? FileStatus(of: Text("root"), below: directory) else { return false }
    return !now.isSameFile(as: root)
  }

  private func contents(_ name: Literal) -> Text {
    (try? FileDescriptor.open(Text(name), below: directory).contents()).map { Text(bytes: $0) } ?? Text()
  }
}
