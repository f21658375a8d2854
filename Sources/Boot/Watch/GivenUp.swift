import Platform

/// The record of a mount that is given up half-way. The daemon, which knows the pages that it has overwritten, is about to end; a dump of
/// all memory needs the record beside it (real-root-hook.sh).
enum GivenUp {
  static var recordPath: Text { Text("/oldmemfs.record") }

  /// Writes the record to this kernel's memory. If the daemon does not answer within 5 seconds, the file says that the pages are unknown.
  static func leaveRecord() {
    guard !isWritten() else { return }
    Log.line("which pages were overwritten can't be told")
    try? FileDescriptor.open(recordPath, flags: FileDescriptor.writeOnly | FileDescriptor.create | FileDescriptor.truncate, mode: 0o600)
      .write(Text("# oldmemfs overwrote pages, and which ones can't be told\n"))
  }

  private static func isWritten() -> Bool {
    do throws(Errno) {
      switch try ChildProcess.fork() {
      case .child: Boot.execute(Boot.programPath, [Text("oldmemfs"), Text("record"), Boot.target, Text("--to"), recordPath])
      case .parent(let child):
        if let end = child.end(within: 5) { return end == .exited(code: 0) }
        child.kill()
        return false
      }
    } catch { return false }
  }
}
