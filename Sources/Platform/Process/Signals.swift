import CPlatform

/// The signals of a process that serves files: only a few end it, and in order.
public enum Signals {
  /// From now on SIGHUP, SIGINT and SIGTERM set `ending`, and the other signals that would end the process are ignored, except those of a
  /// fault. A signal that was ignored stays ignored. The corresponding C function is `sigaction`.
  public static func catchAll() { cplatform_catch_signals() }

  /// From now on a call that waits is interrupted (EINTR) once in so many seconds; never with 0. `catchAll` comes first. The corresponding C
  /// function is `setitimer`.
  public static func tick(every seconds: Int32) { cplatform_tick(seconds) }

  /// SIGHUP, SIGINT or SIGTERM, once it has come; nil before. It interrupts a call that waits (EINTR).
  public static var ending: Literal? {
    switch cplatform_ending_signal() {
    case 0: nil
    case SIGHUP: "SIGHUP"
    case SIGINT: "SIGINT"
    default: "SIGTERM"
    }
  }
}
