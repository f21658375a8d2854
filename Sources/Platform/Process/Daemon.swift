import CPlatform

/// Turning the program into a background process that serves until it is unmounted.
public enum Daemon {
  /// What `start` returns in.
  public enum Side {
    /// The background process; it must call `ready` or exit.
    case child(ReadyPipe)
    /// The process that was called, with the child's end: 0 once it was ready, else its exit code.
    case parent(exitCode: Int32)
  }

  /// The child's end of the pipe on which the parent waits.
  public struct ReadyPipe {
    let descriptor: Int32

    /// Lets the parent return success, and drops the terminal and the working directory: from now on messages go to the
    /// kernel's log.
    public func ready() {
      _ = chdir("/")
      let null = cplatform_open("/dev/null", O_RDWR | O_CLOEXEC, 0)
      if null >= 0 {
        for standard in 0...2 { dup2(null, Int32(standard)) }
        if null > 2 { close(null) }
      }
      Log.switchToKernel()
      var byte: UInt8 = 1
      _ = CPlatform.write(descriptor, &byte, 1)
      close(descriptor)
    }
  }

  /// Forks. The child leads a session of its own; the parent waits until the child is ready or has ended.
  public static func start() throws(Errno) -> Side {
    var ends: (Int32, Int32) = (0, 0)
    let made = withUnsafeMutablePointer(to: &ends) {
      $0.withMemoryRebound(to: Int32.self, capacity: 2) { pipe($0) }
    }
    guard made == 0 else { throw Errno.current }
    let child = fork()
    guard child >= 0 else { throw Errno.current }
    if child == 0 {
      close(ends.0)
      setsid()
      return .child(ReadyPipe(descriptor: ends.1))
    }
    close(ends.1)
    return .parent(exitCode: wait(for: child, readyOn: ends.0))
  }

  private static func wait(for child: pid_t, readyOn descriptor: Int32) -> Int32 {
    var byte: UInt8 = 0
    var count = 0
    repeat { count = CPlatform.read(descriptor, &byte, 1) } while count < 0 && Errno.current == .interrupted
    close(descriptor)
    if count == 1 { return 0 }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && Errno.current == .interrupted {}
    // The macros WIFEXITED and WEXITSTATUS.
    return status & 0x7f == 0 ? (status >> 8) & 0xff : 1
  }

  /// Sets the process up to serve memory when there is none: its pages are never swapped or dropped, it is the last that
  /// the OOM killer takes, and its own allocations never wait for file systems. What the kernel refuses is a line in the
  /// log and no more.
  public static func hardenAgainstMemoryPressure() {
    report(cplatform_lock_memory_on_fault(), "can't lock its memory (mlockall)")
    report(cplatform_set_io_flusher(), "can't become an I/O flusher (PR_SET_IO_FLUSHER)")
    do throws(Errno) {
      let file = try FileDescriptor.open(Text("/proc/self/oom_score_adj"), flags: O_WRONLY)
      try file.write(Text("-1000"))
    } catch { report(-1, "can't ask the OOM killer to spare it (oom_score_adj)", error) }
  }

  private static func report(_ result: Int32, _ what: Literal, _ error: Errno = Errno.current) {
    guard result != 0 else { return }
    Log.line(Text("%: %; it serves without", Text(what), error.text))
  }
}

/// Bytes of memory that this kernel has. The corresponding C function is `sysconf`.
public var physicalMemory: UInt64 {
  UInt64(max(0, sysconf(Int32(_SC_PHYS_PAGES)))) * UInt64(cplatform_page_size())
}
