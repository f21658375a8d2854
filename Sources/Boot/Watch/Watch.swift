import CBoot
import Platform

/// `oldmemfs watch LEVEL ACTION OPTIONS`: the watcher's own side. Its standard input is what it is told, its standard output gets a
/// byte once `/oldmem` is there (see `Watcher`).
public enum Watch {
  public static func run(_ words: [Text]) -> Int32 {
    guard words.count >= 3 else { return 2 }
    Log.switchToKernel()
    Daemon.hardenAgainstMemoryPressure()
    guard let first = FirstProcess() else {
      Log.line("no /proc: nobody could watch the daemon, and nothing is mounted")
      return 1
    }
    guard !isServed else {
      Log.line("/oldmem is mounted already")
      return 1
    }
    guard let daemon = startDaemon(level: words[0], options: words[2]), serves(daemon) else { return 1 }
    var ready: UInt8 = 1
    _ = write(STDOUT_FILENO, &ready, 1)
    dropStandardOutput()
    guard isCommitted else {
      stop(daemon)
      return 0
    }
    return watch(daemon, FailureAction(words[1]), first)
  }

  /// In the foreground, as this process's child and in its group: whoever ends that ends both.
  private static func startDaemon(level: Text, options: Text) -> pid_t? {
    let child = fork()
    guard child >= 0 else { return nil }
    if child == 0 {
      var mountOptions = Text("level=").appending(level)
      if !options.bytes.isEmpty { mountOptions = mountOptions.appending(",").appending(options) }
      // What it has to say goes to the log.
      let log = cplatform_open("/dev/kmsg", O_WRONLY | O_APPEND, 0)
      let null = cplatform_open("/dev/null", O_RDWR, 0)
      dup2(null, STDIN_FILENO)
      dup2(null, STDOUT_FILENO)
      dup2(log, STDERR_FILENO)
      for end in [log, null] where end > 2 { close(end) }
      Boot.execute(Boot.programPath, [
        Text("@oldmemfs"), Text("oldmem"), Boot.target, Text("-o"), mountOptions, Text("-f"),
      ])
      _exit(1)
    }
    return child
  }

  /// Waits until the daemon answers requests; false if it ends before.
  private static func serves(_ daemon: pid_t) -> Bool {
    while !isServed {
      if waitpid(daemon, nil, WNOHANG) == daemon { return false }
      usleep(5_000)
    }
    return true
  }

  private static var isServed: Bool { Boot.target.withCString { cboot_is_mounted($0, CBOOT_FUSE_MAGIC) } != 0 }

  private static func dropStandardOutput() {
    let null = cplatform_open("/dev/null", O_RDWR | O_CLOEXEC, 0)
    dup2(null, STDOUT_FILENO)
  }

  /// Waits for the word of whoever started this; false if it is to stop, or nobody is there any more to say anything.
  private static var isCommitted: Bool {
    var byte: UInt8 = 0
    var count = 0
    repeat { count = read(STDIN_FILENO, &byte, 1) } while count < 0 && cplatform_errno() == EINTR
    return count == 1 && byte == UInt8(ascii: "c")
  }

  private static func stop(_ daemon: pid_t) {
    _ = Boot.target.withCString { umount2($0, Int32(MNT_DETACH)) }
    if Boot.end(of: daemon, within: 5) != nil { return }
    // Somebody has a file open, or it hangs.
    kill(daemon, SIGKILL)
    waitpid(daemon, nil, 0)
  }

  /// Waits for the daemon's end, and sees what kind of end it is.
  private static func watch(_ daemon: pid_t, _ action: FailureAction, _ first: borrowing FirstProcess) -> Int32 {
    var status: Int32 = 0
    while waitpid(daemon, &status, 0) < 0 && cplatform_errno() == EINTR {}
    if first.isShuttingDown { return 0 }
    if status == 0, !first.seesMount {
      Log.line("/oldmem is unmounted, and in use by nobody: the daemon and its watcher are done")
      return 0
    }
    var message = end(status)
    if first.hasAnotherRoot {
      message.append("); the root is no longer the initramfs's, and nothing follows")
      Log.line(message)
      return 0
    }
    message.append("), and with it the programs of this initramfs; failure action: ")
    message.append(action.name)
    Log.line(message)
    saveWhatThereIs()
    cboot_end_kernel(CChar(action.rawValue))
    return 1
  }

  private static func end(_ status: Int32) -> Text {
    var message = Text("the daemon ended (")
    // The macros WIFSIGNALED and WTERMSIG.
    if status & 0x7f != 0 {
      message.append("signal ")
      message.append(status & 0x7f)
    } else {
      message.append("exit code ")
      message.append((status >> 8) & 0xff)
    }
    return message
  }

  /// A dump that was being written may be of use as far as it goes. What can't be synced in a few seconds is given up.
  private static func saveWhatThereIs() {
    let child = fork()
    if child == 0 {
      sync()
      _exit(0)
    }
    guard child > 0 else { return }
    _ = Boot.end(of: child, within: 5)
  }
}
