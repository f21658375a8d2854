import CBoot
import Platform

/// What is left of old memory that was given up half-way: the pages that were overwritten until then. The process that knows them is about
/// to end, and a dump of all memory has to have them beside it (real-root-hook.sh).
enum GivenUp {
  static var recordPath: Text { Text("/oldmemfs.record") }

  /// Writes the record, in this kernel's memory. What can't be told within some seconds is not known, which is what the file says then.
  static func leaveRecord() {
    guard !isWritten() else { return }
    Log.line("which pages were overwritten can't be told")
    guard let file = try? FileDescriptor.open(recordPath, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600) else { return }
    try? file.write(Text("# oldmemfs overwrote pages, and which ones can't be told\n"))
  }

  private static func isWritten() -> Bool {
    let child = fork()
    if child == 0 {
      Boot.execute(Boot.programPath, [Text("oldmemfs"), Text("record"), Boot.target, Text("--to"), recordPath])
      _exit(1)
    }
    guard child > 0 else { return false }
    if let status = Boot.end(of: child, within: 5) { return status == 0 }
    kill(child, SIGKILL)
    return false
  }
}
