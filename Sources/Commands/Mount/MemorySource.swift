import CrashedKernel
import DeviceDax
import OldMemory
import Platform
import RunningKernel
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
      // /dev/mem shows the memory that /proc/vmcore has. For another vmcore no device is used unless devmem= names it.
      let device = arguments.device ?? (arguments.vmcore == nil ? Text("/dev/mem") : nil)
      let vmcore = arguments.vmcore ?? Text("/proc/vmcore")
      let isKernel = arguments.vmcore == nil && arguments.device == nil
      // Without the words there is no memory that modules could help to.
      let bus = isKernel ? DaxBus(loads: SoftReservation.isInForce) : nil
      self = .crashed(OldMemoryPaths(vmcore: vmcore, device: device, bus: bus, way: arguments.way))
    } else {
      self = .crashed(OldMemoryPaths(vmcore: source, device: arguments.device, way: arguments.way))
    }
  }

  /// The source that is meant by a mount's. mount(8) makes a path of a word if there is a file of that name in its current directory
  /// (`mnt_resolve_path`, libmount), and systemd starts it in /, where /oldmem is mostly the mount point itself. No vmcore is a directory.
  static func meant(by source: Text) -> Text {
    guard source.hasPrefix("/"), let word = source.split(UInt8(ascii: "/")).last, word == "oldmem" || isScratch(word) else { return source }
    do throws(Errno) { return try FileKind(of: source) == .directory ? word : source } catch { return source }
  }

  /// Whether it is 'scratch' or 'scratch:NAME'; the name tells several mounts apart.
  static func isScratch(_ source: Text) -> Bool { source == "scratch" || source.hasPrefix("scratch:") }
}

extension OldMemoryPaths {
  /// A regular file that a mount would write to, such as a saved vmcore; nil if there is none.
  var keptFile: Text? {
    if let device, way == nil || way == .device, Self.isKept(device) { return device }
    return (way == nil || way == .vmcore) && Self.isKept(vmcore) ? vmcore : nil
  }

  private static func isKept(_ path: Text) -> Bool {
    do throws(Errno) { return try FileKind(of: path) == .regular } catch { return false }
  }
}

extension CrashedKernel {
  /// Reads the crashed kernel's layout from a vmcore.
  static func open(_ path: Text) throws(Failure) -> CrashedKernel {
    try check(path)
    if path == "/proc/vmcore", let refusal = ConfidentialMachine.refusal(cpuinfo: processors) { throw Failure("%: %", path, Text(refusal)) }
    let core: Vmcore
    do throws(VmcoreError) { core = try Vmcore(path: path) } catch { throw Failure("%: %", path, error.text) }
    do throws(KernelError) { return try CrashedKernel(core: core) } catch { throw Failure("%: %", path, error.text) }
  }

  /// Locks the vmcore: others on the same frames would overwrite each other's data. Then holds back what they left taken.
  ///
  /// After an unmount, the daemon still gives back what it had of device dax, which takes tens of milliseconds for each 16 MiB in an
  /// emulated guest: that is waited for.
  func claim(_ path: Text) throws(Failure) {
    var rest = 30
    while true {
      do throws(Errno) {
        try core.claim()
        break
      } catch {
        guard error == .wouldBlock else { throw Failure("%: can't be locked against other mounts: %", path, error.text) }
        guard rest > 0 else { throw Failure("%: another oldmemfs is at work on this memory, such as a mount: unmount it first", path) }
      }
      rest -= 1
      ThisProcess.sleep(milliseconds: 100)
    }
    try leaveTaken(path)
  }

  /// Holds back the frames that this kernel has already, as RAM or for a device.
  func leaveTaken(_ path: Text) throws(Failure) {
    do throws(Errno) { guard try FileKind(of: path) == .kernel else { return } } catch { return }
    let map = try MemoryMap.known()
    take(map.given + map.legacyPmem)
  }

  /// Holds back the frames that ranges of bytes touch.
  func take(_ ranges: [Range<UInt64>]) {
    for range in ranges { take(PFN(range.lowerBound / PFN.pageSize)..<PFN((range.upperBound + PFN.pageSize - 1) / PFN.pageSize)) }
  }

  /// The beginning of /proc/cpuinfo: the first processor.
  private static var processors: [UInt8] { Files.contents(of: Text("/proc/cpuinfo"), limit: 8192).bytes }

  /// Checks that the path leads to a file.
  private static func check(_ path: Text) throws(Failure) {
    let kind: FileKind
    do throws(Errno) { kind = try FileKind(of: path) } catch {
      if error == .noEntry, path == "/proc/vmcore" {
        throw Failure(
          """
          there is no /proc/vmcore: this is no capture kernel; to try oldmemfs, mount 'scratch' with -o size=64m, \
          or a saved vmcore by its path
          """)
      }
      throw Failure("%: %", path, VmcoreError.unopenable(error).text)
    }
    guard kind.isFile else { throw Failure("% is no vmcore but %", path, Text(kind.name)) }
  }
}

extension MemoryMap {
  /// What this kernel lists, for whoever can't go on without.
  static func known() throws(Failure) -> MemoryMap {
    guard let map = MemoryMap.current else { throw Failure("/proc/iomem shows no memory, so it is not known what this kernel has") }
    return map
  }
}
