import CBoot
import Platform

/// A process of the first stage that starts the daemon and stays beside it. When the daemon dies, the initramfs's programs are
/// gone with it: their requests fail, whoever touches a page that is not cached dies. This process is in memory whole, so it
/// can say what happened and take the failure action at once.
struct Watcher {
  private let pid: pid_t
  /// Our end of its standard input: closed or "c" says that the payload is in place, "s" that it shall stop.
  private let control: Int32

  /// Starts it, and the daemon with it; nil when nothing could be mounted (the reason is in the log).
  static func start(_ settings: BootSettings) -> Watcher? {
    var control: (Int32, Int32) = (-1, -1)
    var answer: (Int32, Int32) = (-1, -1)
    guard makePipe(&control), makePipe(&answer) else { return nil }
    let child = fork()
    guard child >= 0 else { return nil }
    if child == 0 {
      dup2(control.0, STDIN_FILENO)
      dup2(answer.1, STDOUT_FILENO)
      for end in [control.0, control.1, answer.0, answer.1] where end > 2 { close(end) }
      // '@' spares a process when systemd ends all others
      // (https://systemd.io/ROOT_STORAGE_DAEMONS).
      Boot.execute(Boot.programPath, [
        Text("@oldmemfs-watch"), Text("watch"), settings.level, Text(settings.failureAction.name), settings.mountOptions,
      ])
      _exit(1)
    }
    close(control.0)
    close(answer.1)
    let isMounted = hears(answer.0)
    close(answer.0)
    if isMounted { return Watcher(pid: child, control: control.1) }
    close(control.1)
    // It leads a process group; one that hangs takes nothing along.
    kill(-child, SIGKILL)
    waitpid(child, nil, 0)
    return nil
  }

  /// Whether a byte comes before the pipe is closed, or two minutes are over: a mount that takes longer hangs.
  private static func hears(_ descriptor: Int32) -> Bool {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    var outcome: Int32 = 0
    repeat { outcome = poll(&waiting, 1, 120_000) } while outcome < 0 && cplatform_errno() == EINTR
    var byte: UInt8 = 0
    return outcome > 0 && read(descriptor, &byte, 1) == 1
  }

  /// From now on the daemon's death is the end.
  func commit() {
    send(UInt8(ascii: "c"))
    close(control)
  }

  /// Unmounts, and waits until both are gone.
  func stop() {
    _ = Boot.target.withCString { umount2($0, Int32(MNT_DETACH)) }
    send(UInt8(ascii: "s"))
    close(control)
    waitpid(pid, nil, 0)
  }

  private func send(_ byte: UInt8) {
    var byte = byte
    _ = write(control, &byte, 1)
  }

  private static func makePipe(_ ends: inout (Int32, Int32)) -> Bool {
    withUnsafeMutablePointer(to: &ends) { $0.withMemoryRebound(to: Int32.self, capacity: 2) { pipe($0) } } == 0
  }
}

/// `oldmemfs watch LEVEL ACTION OPTIONS`: the watcher's own side.
public enum Watch {
  public static func run(_ words: [Text]) -> Int32 {
    guard words.count >= 3 else { return 2 }
    setsid()
    Log.switchToKernel()
    Daemon.hardenAgainstMemoryPressure()
    // The daemon leaves its parent as daemons do, and becomes this process's child.
    _ = cboot_adopt_orphans()
    guard mountOldMemory(level: words[0], options: words[2]) else { return 1 }
    var ready: UInt8 = 1
    _ = write(STDOUT_FILENO, &ready, 1)
    dropStandardOutput()
    return watch(FailureAction(words[1]))
  }

  private static func mountOldMemory(level: Text, options: Text) -> Bool {
    let child = fork()
    guard child >= 0 else { return false }
    if child == 0 {
      var mountOptions = Text("level=").appending(level)
      if !options.bytes.isEmpty { mountOptions = mountOptions.appending(",").appending(options) }
      // What it has to say before it is ready goes to the log.
      let log = cplatform_open("/dev/kmsg", O_WRONLY, 0)
      let null = cplatform_open("/dev/null", O_RDWR, 0)
      dup2(null, STDIN_FILENO)
      dup2(null, STDOUT_FILENO)
      dup2(log, STDERR_FILENO)
      Boot.execute(Boot.programPath, [Text("@oldmemfs"), Text("oldmem"), Boot.target, Text("-o"), mountOptions])
      _exit(1)
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && cplatform_errno() == EINTR {}
    return status == 0
  }

  private static func dropStandardOutput() {
    let null = cplatform_open("/dev/null", O_RDWR | O_CLOEXEC, 0)
    dup2(null, STDOUT_FILENO)
  }

  /// Waits for the daemon's end, and for the word of PID 1 before that.
  private static func watch(_ action: FailureAction) -> Int32 {
    var byte: UInt8 = 0
    var count = 0
    repeat { count = read(STDIN_FILENO, &byte, 1) } while count < 0 && cplatform_errno() == EINTR
    let isCommitted = count == 1 && byte == UInt8(ascii: "c")
    var status: Int32 = 0
    var ended: pid_t = 0
    repeat { ended = waitpid(-1, &status, 0) } while ended > 0 || cplatform_errno() == EINTR
    guard isCommitted, !isShutDown else { return 0 }
    report(status, action)
    saveWhatThereIs()
    cboot_end_kernel(CChar(action.rawValue))
    return 1
  }

  /// The end of a shutdown unmounts by force, which ends the daemon too: systemd's PID 1 is systemd-shutdown then.
  private static var isShutDown: Bool { Boot.contents(of: Text("/proc/1/comm")).hasPrefix("systemd-shutdow") }

  private static func report(_ status: Int32, _ action: FailureAction) {
    var message = Text("the daemon ended (")
    // The macros WIFSIGNALED and WTERMSIG.
    if status & 0x7f != 0 {
      message.append("signal ")
      message.append(status & 0x7f)
    } else {
      message.append("exit code ")
      message.append((status >> 8) & 0xff)
    }
    message.append("), and with it the programs of this initramfs; failure action: ")
    message.append(action.name)
    Log.line(message)
  }

  /// A dump that was being written may be of use as far as it goes. What can't be synced in a few seconds is given up.
  private static func saveWhatThereIs() {
    let child = fork()
    if child == 0 {
      sync()
      _exit(0)
    }
    guard child > 0 else { return }
    for _ in 0..<50 {
      if waitpid(child, nil, WNOHANG) != 0 { return }
      usleep(100_000)
    }
  }
}
