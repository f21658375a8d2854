import Platform

/// `oldmemfs watch LEVEL ACTION OPTIONS`: the watcher's own side. It reads `Watcher`'s byte from standard input, and writes a byte to
/// standard output once `/oldmem` is mounted.
public enum Watch {
  public static func run(_ words: [Text]) -> Int32 {
    guard words.count >= 3 else { return 2 }
    Log.switchToKernel()
    Daemon.hardenAgainstMemoryPressure()
    let first: FirstProcess
    do throws(Errno) { first = try FirstProcess() } catch {
      Log.line("no /proc: nobody could watch the daemon, and nothing is mounted")
      return 1
    }
    guard !isServed else {
      Log.line("/oldmem is mounted already")
      return 1
    }
    guard let daemon = startDaemon(level: words[0], options: words[2]), serves(daemon) else { return 1 }
    StandardStream.output.write(byte: 1)
    if let null = try? FileDescriptor.null() { null.become(.output) }
    guard StandardStream.input.readByte() == Watcher.commits else {
      // The byte to stop, or the parent has died.
      stop(daemon)
      return 0
    }
    return watch(daemon, FailureAction(words[1]), first)
  }

  /// Starts the daemon in the foreground, as a child in this process's group: a kill of the group ends both.
  private static func startDaemon(level: Text, options: Text) -> ChildProcess? {
    do throws(Errno) {
      switch try ChildProcess.fork() {
      case .child: becomeDaemon(level, options)
      case .parent(let daemon): return daemon
      }
    } catch {
      Log.line(Text("can't start the daemon: %", error.text))
      return nil
    }
  }

  private static func becomeDaemon(_ level: Text, _ options: Text) -> Never {
    if let null = try? FileDescriptor.null() {
      null.become(.input)
      null.become(.output)
    }
    // Its messages go to the log.
    Log.becomeStandardError()
    Boot.execute(
      Boot.programPath,
      [Text("@oldmemfs"), Text("oldmem"), Boot.target, Text("-o"), BootSettings.options(level: level, options), Text("-f")])
  }

  /// Waits until the daemon answers requests. Returns false if it ends before.
  private static func serves(_ daemon: ChildProcess) -> Bool {
    while !isServed {
      if daemon.end(within: 0) != nil { return false }
      ThisProcess.sleep(milliseconds: 5)
    }
    return true
  }

  private static var isServed: Bool { (try? Mounts.isFuse(Boot.target)) ?? false }

  private static func stop(_ daemon: ChildProcess) {
    try? Mounts.detach(Boot.target)
    if daemon.end(within: 5) != nil { return }
    // A file is open, or the daemon hangs.
    daemon.kill()
    _ = daemon.end()
  }

  /// Waits for the daemon's end, and takes the failure action unless the end is in order.
  private static func watch(_ daemon: ChildProcess, _ action: FailureAction, _ first: borrowing FirstProcess) -> Int32 {
    let end = daemon.end()
    if first.isShuttingDown { return 0 }
    if end == .exited(code: 0), !first.seesMount {
      Log.line("/oldmem is unmounted, and in use by nobody: the daemon and its watcher are done")
      return 0
    }
    var message = Text("the daemon ended (%", end.text)
    if first.hasAnotherRoot {
      message.append("); the root is no longer the initramfs's, and nothing follows")
      Log.line(message)
      return 0
    }
    message.append("), and with it the programs of this initramfs; failure action: ")
    message.append(action.name)
    Log.line(message)
    syncBriefly()
    CaptureKernel.end(action)
    return 1
  }

  /// Syncs for 5 seconds at most: an incomplete dump may be of use.
  private static func syncBriefly() { _ = ChildProcess.start { Files.sync() }?.end(within: 5) }
}
