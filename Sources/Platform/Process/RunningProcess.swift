import CPlatform

/// A process, by its number. When it has ended, the number may be another's.
public struct RunningProcess: BitwiseCopyable {
  private let id: pid_t

  public init(id: Int32) { self.id = id }

  /// Asks it to end, also if it is stopped. The corresponding C function is `kill` with `SIGTERM` and `SIGCONT`.
  public func terminate() {
    _ = CPlatform.kill(id, SIGTERM)
    _ = CPlatform.kill(id, SIGCONT)
  }

  /// Ends it at once. The corresponding C function is `kill` with `SIGKILL`.
  public func kill() { _ = CPlatform.kill(id, SIGKILL) }
}
