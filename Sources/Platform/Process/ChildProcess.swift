import CPlatform

/// A child of this process. Its number is not used again until this process has waited for its end.
public struct ChildProcess: BitwiseCopyable {
  private let id: pid_t

  /// The process in which `fork` returns.
  public enum Side: BitwiseCopyable {
    case child
    case parent(ChildProcess)
  }

  /// How a process ended.
  public enum End: Equatable, BitwiseCopyable, Sendable, Describable {
    case exited(code: Int32)
    case killed(signal: Int32)
    /// It is no child of this process, or none any more.
    case unknown

    /// Reads a status of waitpid(2). The corresponding C macros are `WTERMSIG` and `WEXITSTATUS`.
    init(status: Int32) {
      self = status & 0x7f == 0 ? .exited(code: status >> 8 & 0xff) : .killed(signal: status & 0x7f)
    }

    /// "exit code 1", "signal 9".
    public func describe(to text: inout Text) {
      switch self {
      case .exited(let code): text.append("exit code %", UInt64(code))
      case .killed(let signal): text.append("signal %", UInt64(signal))
      case .unknown: text.append("how is unknown")
      }
    }
  }

  /// Starts a process with a copy of this one's memory and descriptors. The corresponding C function is `fork`.
  public static func fork() throws(Errno) -> Side {
    let id = CPlatform.fork()
    guard id >= 0 else { throw Errno.current }
    return id == 0 ? .child : .parent(ChildProcess(id: id))
  }

  /// Starts a process that does this work, and ends. Returns nil if there can't be another process.
  public static func start(_ work: () -> Void) -> ChildProcess? {
    do throws(Errno) {
      switch try fork() {
      case .child:
        work()
        ThisProcess.end(code: 0)
      case .parent(let child): return child
      }
    } catch { return nil }
  }

  /// Waits for all children that have ended. The corresponding C function is `waitpid` with `WNOHANG`.
  public static func reapAll() {
    while waitpid(-1, nil, WNOHANG) > 0 {}
  }

  /// Ends it at once. The corresponding C function is `kill` with `SIGKILL`.
  public func kill() { _ = CPlatform.kill(id, SIGKILL) }

  /// Waits for its end. The corresponding C function is `waitpid`.
  public func end() -> End {
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 {
      guard Errno.current == .interrupted else { return .unknown }
    }
    return End(status: status)
  }

  /// Waits for its end, for some seconds at most. Returns nil if it still runs; with 0, at once.
  public func end(within seconds: Int) -> End? {
    var end: End?
    _ = Self.poll(for: seconds) {
      var status: Int32 = 0
      let ended = waitpid(id, &status, WNOHANG)
      if ended != 0 { end = ended < 0 ? .unknown : End(status: status) }
      return ended != 0
    }
    return end
  }

  /// Calls `isDone` every 10 milliseconds, once at least, until it returns true. Returns false if the time is over before.
  private static func poll(for seconds: Int, _ isDone: () -> Bool) -> Bool {
    for _ in 0..<seconds * 100 {
      if isDone() { return true }
      ThisProcess.sleep(milliseconds: 10)
    }
    return isDone()
  }
}

/// The process group of a child that leads a session: the child and its descendants.
extension ChildProcess {
  /// Ends all of the group at once. The corresponding C function is `kill` with `SIGKILL`.
  public func killGroup() { _ = CPlatform.kill(-id, SIGKILL) }

  /// Waits until this process has no child in the group, for some seconds at most. Returns whether that is so. Orphans count, too, if this
  /// process adopts them.
  public func groupEnds(within seconds: Int) -> Bool {
    Self.poll(for: seconds) {
      while true {
        let ended = waitpid(-id, nil, WNOHANG)
        if ended <= 0 { return ended < 0 }
      }
    }
  }
}
