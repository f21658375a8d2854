import CBoot
import Platform

/// A process of the first stage that starts the daemon and stays beside it. When the daemon dies, the initramfs's programs are
/// gone with it: their requests fail, whoever touches a page that is not cached dies. This process is in memory whole, so it
/// can say what happened and take the failure action at once.
///
/// This is the side of the process that starts it; `Watch` is its own.
struct Watcher {
  /// The watcher's, and the number of the process group that it and the daemon are.
  private let pid: pid_t
  /// Our end of its standard input: "c" commits. Anything else, and that it is closed without a word, means that nobody stands
  /// behind the mount: the watcher takes it away.
  private let control: Int32

  /// Starts it, and the daemon with it; nil when nothing could be mounted (the reason is in the log). Nothing is left then, and
  /// nothing comes later.
  static func start(_ settings: BootSettings) -> Watcher? {
    var control: (Int32, Int32) = (-1, -1)
    var answer: (Int32, Int32) = (-1, -1)
    guard makePipe(&control), makePipe(&answer) else { return nil }
    // What the watcher leaves behind when it is killed is ours to wait for.
    _ = cboot_adopt_orphans()
    let child = fork()
    guard child >= 0 else { return nil }
    if child == 0 {
      dup2(control.0, STDIN_FILENO)
      dup2(answer.1, STDOUT_FILENO)
      for end in [control.0, control.1, answer.0, answer.1] where end > 2 { close(end) }
      // Here, so that the group is there before anybody ends it.
      setsid()
      // '@' spares a process when systemd ends all others
      // (https://systemd.io/ROOT_STORAGE_DAEMONS).
      Boot.execute(Boot.programPath, [
        Text("@oldmemfs-watch"), Text("watch"), settings.level, Text(settings.failureAction.name), settings.mountOptions,
      ])
      _exit(1)
    }
    close(control.0)
    close(answer.1)
    let watcher = Watcher(pid: child, control: control.1)
    let isMounted = hears(answer.0, within: settings.mountSeconds)
    close(answer.0)
    if isMounted { return watcher }
    close(control.1)
    watcher.end()
    return nil
  }

  /// Whether a byte comes before the pipe is closed, or the time is over: a mount that takes longer hangs.
  private static func hears(_ descriptor: Int32, within seconds: Int32) -> Bool {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    var outcome: Int32 = 0
    repeat { outcome = poll(&waiting, 1, seconds * 1000) } while outcome < 0 && cplatform_errno() == EINTR
    if outcome == 0 { Log.line("mounting old memory takes too long: it is given up") }
    var byte: UInt8 = 0
    return outcome > 0 && read(descriptor, &byte, 1) == 1
  }

  /// From now on the daemon's death is the end.
  func commit() {
    send(UInt8(ascii: "c"))
    close(control)
  }

  /// Has it unmounted, and waits until both are gone.
  func stop() {
    send(UInt8(ascii: "s"))
    close(control)
    if !areGone(within: 10) { end() }
  }

  /// Ends both, and takes away the mount that they leave: one that hangs takes nothing along, and does not mount later.
  private func end() {
    kill(-pid, SIGKILL)
    guard areGone(within: 5) else {
      // In a system call that does not end; when it does, the process ends.
      Log.line("the daemon can't be ended yet")
      return
    }
    Boot.target.withCString {
      if cboot_is_mounted($0, CBOOT_FUSE_MAGIC) == 0, cplatform_errno() == ENOTCONN { _ = umount2($0, Int32(MNT_DETACH)) }
    }
  }

  private func areGone(within seconds: Int) -> Bool {
    for _ in 0..<seconds * 100 {
      while true {
        let ended = waitpid(-pid, nil, WNOHANG)
        if ended < 0 { return true }
        if ended == 0 { break }
      }
      usleep(10_000)
    }
    return false
  }

  private func send(_ byte: UInt8) {
    var byte = byte
    _ = write(control, &byte, 1)
  }

  private static func makePipe(_ ends: inout (Int32, Int32)) -> Bool {
    withUnsafeMutablePointer(to: &ends) { $0.withMemoryRebound(to: Int32.self, capacity: 2) { pipe($0) } } == 0
  }
}
