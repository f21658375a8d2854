// CBoot: what only an init asks of its kernel.
import CBoot
import Platform

/// What an init asks of the kernel that it runs on.
enum CaptureKernel {
  /// Loads a module that is not compressed; one that is loaded already is no error. The corresponding system call is `finit_module`.
  static func load(_ module: borrowing FileDescriptor) throws(Errno) {
    guard cboot_load_module(module.rawValue) != 0 else { return }
    let error = Errno.current
    guard error == .exists else { throw error }
  }

  /// Ends it at once; returns only if that fails. The corresponding C function is `reboot`.
  static func end(_ action: FailureAction) { cboot_end_kernel(CChar(action.rawValue)) }

  /// Whether its command line turns oldmemfs off.
  static var isTurnedOff: Bool { Files.contents(of: Text("/proc/cmdline")).contains(word: "oldmemfs=off") }
}
