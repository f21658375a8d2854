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
    if Self.isScratch(source) {
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

  /// Scratch memory can have a name after a colon, which tells several mounts of it apart.
  static func isScratch(_ source: Text) -> Bool { source == "scratch" || source.hasPrefix("scratch:") }
}

extension OldMemoryPaths {
  /// The file that a mount would write to although it is no crashed machine's memory but somebody's file; nil if there is none.
  var keptFile: Text? {
    if let device, way != .vmcore, Self.isKept(device) { return device }
    return way != .device && Self.isKept(vmcore) ? vmcore : nil
  }

  private static func isKept(_ path: Text) -> Bool {
    do throws(Errno) { return try FileKind(of: path) == .regular } catch { return false }
  }
}

extension CrashedKernel {
  /// The crashed kernel that a vmcore shows.
  static func open(_ path: Text) throws(Failure) -> CrashedKernel {
    try check(path)
    if path == "/proc/vmcore", let refusal = ConfidentialMachine.refusal(cpuinfo: processors) { throw Failure("%: %", path, Text(refusal)) }
    let core: Vmcore
    do throws(VmcoreError) { core = try Vmcore(path: path) } catch { throw Failure("%: %", path, error.text) }
    do throws(KernelError) { return try CrashedKernel(core: core) } catch { throw Failure("%: %", path, error.text) }
  }

  /// What the kernel tells of the first processor.
  private static var processors: [UInt8] { Files.contents(of: Text("/proc/cpuinfo"), limit: 8192).bytes }

  /// That a vmcore may be there at all.
  private static func check(_ path: Text) throws(Failure) {
    let kind: FileKind
    do throws(Errno) { kind = try FileKind(of: path) } catch {
      if error == .noEntry, path == "/proc/vmcore" {
        throw Failure(
          """
          there is no /proc/vmcore: this is no capture kernel, no other has crashed; to try it, mount 'scratch' with -o size=64m, \
          or a saved vmcore by its path
          """)
      }
      throw Failure("%: %", path, VmcoreError.unopenable(error).text)
    }
    guard kind.isFile else { throw Failure("% is no vmcore but %", path, Text(kind.name)) }
  }
}
