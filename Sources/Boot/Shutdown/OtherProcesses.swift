import Platform

/// The programs that run beside process 1, without those that serve a file system: their names begin with '@'
/// (https://systemd.io/ROOT_STORAGE_DAEMONS).
enum OtherProcesses {
  /// Asks them to end, and ends those that still run after 5 seconds. What the kernel can't end, since it waits for a device, is left.
  static func end() {
    signal { $0.terminate() }
    guard !haveEnded(within: 5) else { return }
    signal { $0.kill() }
    if !haveEnded(within: 2) { Log.line("some processes do not end") }
  }

  private static func signal(_ send: (RunningProcess) -> Void) {
    for process in running { send(process) }
  }

  private static func haveEnded(within seconds: UInt32) -> Bool {
    for _ in 0..<seconds * 20 {
      ChildProcess.reapAll()
      if running.isEmpty { return true }
      ThisProcess.sleep(milliseconds: 50)
    }
    return false
  }

  /// A thread of the kernel's, and a process that has ended, have no command line.
  private static var running: [RunningProcess] {
    Files.names(in: Text("/proc")).compactMap { name in
      guard let id = name.number(), id != ThisProcess.id,
        let first = Files.contents(of: Text("/proc/%/cmdline", name), limit: 1).bytes.first, first != UInt8(ascii: "@")
      else { return nil }
      return RunningProcess(id: Int32(id))
    }
  }
}
