import CBoot
import Platform
import RunningKernel

/// Calls of an init to its kernel.
enum CaptureKernel {
  /// Loads a module of the first stage, which has it, uncompressed, if the kernel has it as a module. The file goes.
  static func load(_ name: Literal, parameters: Literal = "") {
    let path = Text("/%.ko", Text(name))
    guard let module = try? FileDescriptor.open(path, flags: FileDescriptor.readOnly) else { return }
    do throws(Errno) { try load(module, Text(parameters)) } catch {
      Log.line(Text("can't load the module %: %", Text(name), error.text))
    }
    try? Files.remove(path)
  }

  /// Loads the modules that a mount needs: fuse, and where /dev/mem is closed device dax's.
  static func loadForMount() {
    load("fuse")
    guard SoftReservation.isInForce else { return }
    do throws(Errno) { _ = try FileDescriptor.open(Text("/dev/mem"), flags: FileDescriptor.readWrite) } catch { load("device_dax") }
  }

  /// Removes the modules that were not loaded: nobody asks for them later, and the files are memory. The image's builder puts these there
  /// (`dracut-module/oldmemfs/modules`).
  static func removeModules() {
    for name in ["fuse", "dax_hmem", "kmem", "device_dax", "libnvdimm", "nd_e820", "nd_btt", "nd_pmem", "dm-mod"] as [Literal] {
      try? Files.remove(Text("/%.ko", Text(name)))
    }
  }

  /// Loads an uncompressed module, unless it is loaded already. The corresponding system call is `finit_module`.
  private static func load(_ module: borrowing FileDescriptor, _ parameters: Text) throws(Errno) {
    let number = module.rawValue
    guard parameters.withCString({ cboot_load_module(number, $0) }) != 0 else { return }
    let error = Errno.current
    guard error == .exists else { throw error }
  }

  /// Ends the kernel at once. Returns only on failure. The corresponding C function is `reboot`.
  static func end(_ action: FailureAction) { cboot_end_kernel(CChar(action.rawValue)) }

  /// Whether the kernel's command line has `oldmemfs=off`.
  static var isTurnedOff: Bool { commandLine.contains(word: "oldmemfs=off") }

  /// Whether the kernel's command line has `oldmemfs=noram`.
  static var addsNoRAM: Bool { commandLine.contains(word: "oldmemfs=noram") }

  private static var commandLine: Text { Text(bytes: Files.contents(of: Text("/proc/cmdline")).bytes.filter { $0 != UInt8(ascii: "\n") }) }
}
