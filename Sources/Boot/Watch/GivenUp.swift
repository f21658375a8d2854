import Platform

/// What is left of old memory that was given up half-way: the pages that were overwritten until then. The process that knows them is about
/// to end, and a dump of all memory has to have them beside it (real-root-hook.sh).
enum GivenUp {
  static var recordPath: Text { Text("/oldmemfs.record") }

  /// Writes the record, in this kernel's memory. What can't be told within some seconds is not known, which is what the file says then.
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
