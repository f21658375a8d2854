import CBoot
import Platform

/// Process 1, as /proc shows it, through a directory that is kept open: after a switch of the root this process may have a root in
/// which there is no /proc.
struct FirstProcess: ~Copyable {
  private let directory: FileDescriptor
  /// The root that it had at first.
  private let root: stat

  /// Nil without /proc.
  init?() {
    guard let directory = try? FileDescriptor.open(Text("/proc/1"), flags: FileDescriptor.readOnly),
      let root = Self.root(directory)
    else { return nil }
    self.directory = directory
    self.root = root
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
    guard let now = Self.root(directory) else { return false }
    return now.st_dev != root.st_dev || now.st_ino != root.st_ino
  }

  private static func root(_ directory: borrowing FileDescriptor) -> stat? {
    var status = stat()
    return Text("root").withCString { fstatat(directory.rawValue, $0, &status, 0) } == 0 ? status : nil
  }

  private func contents(_ name: Literal) -> Text {
    let descriptor = Text(name).withCString { cboot_open_at(directory.rawValue, $0) }
    guard descriptor >= 0 else { return Text() }
    let file = FileDescriptor(owning: descriptor)
    var text = Text()
    if let bytes = try? file.contents() { text.append(bytes: bytes) }
    return text
  }
}
