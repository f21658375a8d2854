import Platform

/// A process of the first stage that starts the daemon and stays beside it. When the daemon dies, the initramfs's programs are
/// gone with it: their requests fail, whoever touches a page that is not cached dies. This process is in memory whole, so it
/// can say what happened and take the failure action at once.
///
/// This is the side of the process that starts it; `Watch` is its own.
struct Watcher: ~Copyable {
  /// It leads a process group, which the daemon is in.
  private let process: ChildProcess
  /// Our end of its standard input: `commits`, or the word to stop. That it is closed without a word means that nobody stands behind the
  /// mount: the watcher takes it away.
  private let control: FileDescriptor

  static var commits: UInt8 { UInt8(ascii: "c") }
  private static var stops: UInt8 { UInt8(ascii: "s") }

  /// Starts it, and the daemon with it; nil when nothing could be mounted (the reason is in the log). Nothing is left then, and
  /// nothing comes later.
  static func start(_ settings: BootSettings) -> Watcher? {
    do throws(Errno) { return try mounted(settings) } catch {
      Log.line(Text("can't start the daemon's watcher: %", error.text))
      return nil
    }
  }

  private static func mounted(_ settings: BootSettings) throws(Errno) -> Watcher? {
    let control = try Pipe()
    let answer = try Pipe()
    // What the watcher leaves behind when it is killed is ours to wait for.
    ThisProcess.adoptOrphans()
    switch try ChildProcess.fork() {
    case .child:
      control.reading.become(.input)
      answer.writing.become(.output)
      // Here, so that the group is there before anybody ends it.
      ThisProcess.leadSession()
      // '@' spares a process when systemd ends all others
      // (https://systemd.io/ROOT_STORAGE_DAEMONS).
      Boot.execute(
        Boot.programPath,
        [
          Text("@oldmemfs-watch"), Text("watch"), settings.level, Text(settings.failureAction.name), settings.mountOptions,
        ])
    case .parent(let process):
      control.reading.close()
      answer.writing.close()
      let watcher = Watcher(process: process, control: control.writing)
      if hears(answer.reading, within: settings.mountSeconds) { return watcher }
      watcher.giveUp()
      return nil
    }
  }

  /// Whether a byte comes before the pipe is closed, or the time is over: a mount that takes longer hangs.
  private static func hears(_ answer: borrowing FileDescriptor, within seconds: Int32) -> Bool {
    guard answer.waitForInput(seconds: seconds) else {
      Log.line("mounting old memory takes too long: it is given up")
      return false
    }
    return answer.readByte() != nil
  }

  /// From now on the daemon's death is the end.
  consuming func commit() { control.write(byte: Self.commits) }

  /// Has it unmounted, and waits until both are gone.
  consuming func stop() {
    control.write(byte: Self.stops)
    let process = process
    control.close()
    if !process.groupEnds(within: 10) { Self.end(process) }
  }

  private consuming func giveUp() {
    let process = process
    control.close()
    Self.end(process)
  }

  /// Ends both, and takes away the mount that they leave: one that hangs takes nothing along, and does not mount later.
  private static func end(_ process: ChildProcess) {
    process.killGroup()
    guard process.groupEnds(within: 5) else {
      // In a system call that does not end; when it does, the process ends.
      Log.line("the daemon can't be ended yet")
      return
    }
    do throws(Errno) { _ = try Mounts.isFuse(Boot.target) } catch {
      if error == .notConnected { try? Mounts.detach(Boot.target) }
    }
  }
}
