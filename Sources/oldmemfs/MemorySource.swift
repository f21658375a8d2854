import CrashedKernel
import OldMemory
import Platform
import Vmcore

/// The SOURCE of a mount or a scan.
enum MemorySource {
  /// The crashed kernel's memory, or a vmcore in its place.
  case crashed(OldMemoryPaths)
  case scratch

  init(_ source: Text, _ arguments: MemoryArguments) {
    if source == "scratch" {
      self = .scratch
    } else if source == "oldmem" {
      // A memory device shows the memory of /proc/vmcore; beside any other vmcore it is used only if it is named.
      let device = arguments.device ?? (arguments.vmcore == nil ? Text("/dev/mem") : nil)
      let vmcore = arguments.vmcore ?? Text("/proc/vmcore")
      self = .crashed(OldMemoryPaths(vmcore: vmcore, device: device, way: arguments.way))
    } else {
      self = .crashed(OldMemoryPaths(vmcore: source, device: arguments.device, way: arguments.way))
    }
  }
}

extension CrashedKernel {
  /// The crashed kernel that a vmcore shows.
  static func open(_ path: Text) throws(Failure) -> CrashedKernel {
    let core: Vmcore
    do throws(VmcoreError) { core = try Vmcore(path: path) } catch { throw Failure("%: %", path, error.text) }
    do throws(KernelError) { return try CrashedKernel(core: core) } catch { throw Failure("%: %", path, error.text) }
  }
}
