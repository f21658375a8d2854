import Platform

/// A process of the first stage that starts the daemon and waits for its end. When the daemon dies, so do the initramfs's programs: their
/// files are gone, and a page that is not cached can't be read. This process is locked in memory, so it can log the death and take the
/// failure action at once.
///
/// This type is the parent's side; `Watch` is the watcher's own.
struct Watcher: ~Copyable {
  /// The leader of a process group, which the daemon is in, too.
  private let process: ChildProcess
  /// Our end of its standard input, for the byte `commits` or `stops`. If it is closed without one, its parent has died, and the watcher
  /// unmounts.
  private let control: FileDescriptor

  static var commits: UInt8 { UInt8(ascii: "c") }
  private static var stops: UInt8 { UInt8(ascii: "s") }

  /// Starts the watcher and the daemon. Returns nil if nothing could be mounted (the log has the reason); then no process is left that
  /// might still mount.
  static func start(_ settings: BootSettings) -> Watcher? {
    do throws(Errno) { return try mounted(settings) } catch {
      Log.line(Text("can't start the daemon's watcher: %", error.text))
      return nil
    }
  }

  private static func mounted(_ settings: BootSettings) throws(Errno) -> Watcher? {
    let control = try Pipe()
    let answer = try Pipe()
    // If the watcher is killed, the daemon becomes a child of this process, which can wait for it.
    ThisProcess.adoptOrphans()
    switch try ChildProcess.fork() {
    case .child:
      control.reading.become(.input)
      answer.writing.become(.output)
      // In the child, so that the group exists before the parent can kill it.
      ThisProcess.leadSession()
      // systemd spares a process with '@' when it ends all others (https://systemd.io/ROOT_STORAGE_DAEMONS).
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

  /// Whether a byte comes before the pipe is closed, and within the time limit: a mount that takes longer hangs.
  private static func hears(_ answer: borrowing FileDescriptor, within seconds: Int32) -> Bool {
    guard answer.waitForInput(seconds: seconds) else {
      Log.line("mounting old memory takes too long: it is given up")
      return false
    }
    return answer.readByte() != nil
  }

  /// From now on the watcher takes the failure action when the daemon dies.
  consuming func commit() { control.write(byte: Self.commits) }

  /// Unmounts, and waits for the end of both processes.
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

  /// Kills both, and unmounts what they leave.
  private static func end(_ process: ChildProcess) {
    process.killGroup()
    guard process.groupEnds(within: 5) else {
      // It is in a system call that does not return. When it does, the process ends.
      Log.line("the daemon can't be ended yet")
      return
    }
    do throws(Errno) { _ = try Mounts.isFuse(Boot.target) } catch {
      if error == .notConnected { try? Mounts.detach(Boot.target) }
    }
  }
}
