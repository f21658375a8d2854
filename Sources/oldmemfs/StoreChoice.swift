import CrashedKernel
import OldMemory
import Platform

/// How a mount would write frames, found out without writing.
enum StoreChoice {
  /// The way, or why there is none. A window of the memory device is mapped and read; whether a vmcore takes writes is only
  /// known when it is mounted, so here it is enough that it opens.
  @inline(never)
  static func describe(_ paths: OldMemoryPaths, _ kernel: CrashedKernel, _ policy: ReusePolicy, to text: inout Text) {
    var reasons = Text()
    if let device = paths.device, paths.way != .vmcore {
      do throws(PoolError) {
        let only = OldMemoryPaths(vmcore: paths.vmcore, device: device, way: .device)
        _ = try FramePool.oldMemory(of: kernel, policy: policy, paths: only, checksums: false)
        text.append("windows of ")
        text.append(device)
        return
      } catch { error.describe(to: &reasons) }
    }
    if paths.way != .device {
      do throws(Errno) {
        _ = try FileDescriptor.open(paths.vmcore, flags: FileDescriptor.readWrite)
        text.append("writes to ")
        text.append(paths.vmcore)
        text.append(", where it takes them")
        return
      } catch { WayError.unopenable(paths.vmcore, error).describe(to: &reasons) }
    }
    text.append("nothing: ")
    text.append(reasons)
  }
}
