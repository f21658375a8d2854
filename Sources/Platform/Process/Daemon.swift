import CPlatform

/// Turning the program into a background process that serves until it is unmounted.
public enum Daemon {
  /// The process in which `start` returns.
  public enum Side: ~Copyable {
    /// The background process; it must call `ready` or exit.
    case child(ReadyPipe)
    /// The calling process, with the exit code to use: 0 once the child is ready, otherwise the child's.
    case parent(exitCode: Int32)
  }

  /// The child's end of the pipe on which the parent waits.
  public struct ReadyPipe: ~Copyable {
    let end: FileDescriptor

    /// Lets the parent return success, and drops the terminal and the working directory. From now on messages go to the kernel's log.
    public consuming func ready() {
      _ = chdir("/")
      if let null = try? FileDescriptor.null() { for stream in StandardStream.allCases { null.become(stream) } }
      Log.switchToKernel()
      end.write(byte: 1)
    }
  }

  /// Forks. The child leads a session of its own; the parent waits until the child is ready or has ended.
  public static func start() throws(Errno) -> Side {
    let pipe = try Pipe()
    switch try ChildProcess.fork() {
    case .child:
      ThisProcess.leadSession()
      return .child(ReadyPipe(end: pipe.writing))
    case .parent(let child):
      pipe.writing.close()
      if pipe.reading.readByte() != nil { return .parent(exitCode: 0) }
      if case .exited(let code) = child.end() { return .parent(exitCode: code) }
      return .parent(exitCode: 1)
    }
  }

  /// Prepares the process for a lack of memory: its pages stay in memory, the OOM killer spares it, and its allocations never wait for
  /// file systems. If the kernel refuses one of these, that is logged.
  public static func hardenAgainstMemoryPressure() {
    report(cplatform_lock_memory_on_fault(), "can't lock its memory (mlockall)")
    report(cplatform_set_io_flusher(), "can't become an I/O flusher (PR_SET_IO_FLUSHER)")
    do throws(Errno) {
      let file = try FileDescriptor.open(Text("/proc/self/oom_score_adj"), flags: FileDescriptor.writeOnly)
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
