import CrashedKernel
import DeviceDax
import OldMemory
import Platform

/// The way in which a mount would write frames, found without a write.
enum StoreChoice {
  /// The way, or the reason why there is none. A window of the memory device is mapped and read. A vmcore is only opened: whether it takes
  /// writes is known when it is mounted.
  @inline(never)
  static func text(_ paths: OldMemoryPaths, _ kernel: CrashedKernel, _ policy: ReusePolicy) -> Text {
    var reasons = Text()
    func note(_ reason: Text) { reasons.append(reasons.bytes.isEmpty ? "%" : "; %", reason) }
    if let device = paths.device, paths.way ?? .device == .device {
      do throws(PoolError) {
        let only = OldMemoryPaths(vmcore: paths.vmcore, device: device, way: .device)
        _ = try FramePool.oldMemory(of: kernel, policy: policy, paths: only, checksums: false)
        return Text("windows of %", device)
      } catch { note(error.text(paths)) }
    }
    if let bus = paths.bus, paths.way ?? .dax == .dax {
      if !bus.regions.isEmpty { return Text("device dax, where it takes them") }
      note(Text("device dax has no memory"))
    }
    if paths.way ?? .vmcore == .vmcore {
      do throws(Errno) {
        _ = try FileDescriptor.open(paths.vmcore, flags: FileDescriptor.readWrite)
        return Text(paths.keptFile == nil ? "writes to %, where it takes them" : "writes to %, with -o overwrite", paths.vmcore)
      } catch { note(WayError.unopenable(error).text(paths.vmcore)) }
    }
    return Text("nothing: %", reasons.bytes.isEmpty ? paths.wayless : reasons)
  }
}
