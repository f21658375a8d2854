import CBoot
import Platform

/// Calls of an init to its kernel.
enum CaptureKernel {
  /// Loads an uncompressed module, unless it is loaded already. The corresponding system call is `finit_module`.
  static func load(_ module: borrowing FileDescriptor) throws(Errno) {
    guard cboot_load_module(module.rawValue) != 0 else { return }
    let error = Errno.current
    guard error == .exists else { throw error }
  }

  /// Ends the kernel at once. Returns only on failure. The corresponding C function is `reboot`.
  static func end(_ action: FailureAction) { cboot_end_kernel(CChar(action.rawValue)) }

  /// Whether the kernel's command line has `oldmemfs=off`.
  static var isTurnedOff: Bool { Files.contents(of: Text("/proc/cmdline")).contains(word: "oldmemfs=off") }
}
