import CPlatform

/// Where messages go: to standard error while somebody is waiting for the answer, to the kernel's log afterwards, since a
/// capture kernel has no other and the log must not pass through a file system.
public enum Log {
  /// Only the program's one thread logs.
  nonisolated(unsafe) private static var toKernel = false

  /// From now on a fault of the process itself is a line in the log, too. A failed check of Swift's ends the process with an illegal
  /// instruction and without a message, which Embedded Swift leaves out of the program. `Tests/program/explain` finds the function.
  public static func reportFaults() { cplatform_report_faults(destination) }

  /// From now on messages go to `/dev/kmsg`, where that can be opened; nowhere else.
  public static func switchToKernel() {
    guard !toKernel else { return }
    toKernel = true
    // At once, and kept: later the process may be unable to open anything, or have another root.
    kernelLog = cplatform_open("/dev/kmsg", O_WRONLY | O_APPEND | O_CLOEXEC, 0)
    cplatform_report_faults(kernelLog)
  }

  /// Makes the kernel's log standard error, after `switchToKernel`: for the program that this process becomes.
  public static func becomeStandardError() { _ = dup2(kernelLog, STDERR_FILENO) }

  /// One line, with the program's name before it. Control characters, which names may have, become '?'.
  public static func line(_ message: Text) {
    var text = Text("oldmemfs: ")
    text.append(bytes: message.bytes.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 })
    text.append("\n")
    _ = text.bytes.withUnsafeBytes { Platform.write($0, to: destination) }
  }

  public static func line(_ message: Literal) { line(Text(message)) }

  nonisolated(unsafe) private static var kernelLog: Int32 = -1

  private static var destination: Int32 { toKernel ? kernelLog : STDERR_FILENO }
}
