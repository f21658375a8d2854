import CPlatform

/// Signals, as a process takes them whose end is the end of other programs' files.
public enum Signals {
  /// From now on nothing but a signal that asks for the end ends the process, and that in its own time: see `ending`. What had been
  /// ignored stays so. The corresponding C function is `sigaction`.
  public static func catchAll() { cplatform_catch_signals() }

  /// The name of the signal that asked for the end: HUP, INT, TERM; nil while none has. A call that waits ends with EINTR then.
  public static var ending: Literal? {
    switch cplatform_ending_signal() {
    case 0: nil
    case SIGHUP: "SIGHUP"
    case SIGINT: "SIGINT"
    default: "SIGTERM"
    }
  }
}
