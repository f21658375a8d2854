// Memory safety: what is handed out lies within the mapping of a window, which lives as long as its place in the cache: until the next call.
import CrashedKernel
import Frames
import Platform
import Vmcore

/// Old memory seen through `/dev/mem`, in windows of 1 MiB of which a fixed number is mapped at a time.
///
/// Mapping costs 8 bytes of page table for each frame at once (`remap_pfn_range`), so the windows bound what a large
/// machine costs: 32 windows are 64 KiB of page tables. The kernel refuses (EPERM) a window that touches a frame it
/// keeps for itself (`devmem_is_allowed` in arch/x86/mm/init.c, `CONFIG_IO_STRICT_DEVMEM`).
final class DeviceBackend: Backend {
  private static var windowCount: Int { 32 }

  private let file: FileDescriptor
  private let vmcore: Vmcore
  /// Bytes of a file that stands in for the device.
  private let size: UInt64?
  private let windows = Windows(most: DeviceBackend.windowCount)

  /// Opens the memory device, for reading and writing, without O_SYNC: the mapping is cached only then
  /// (`phys_mem_access_prot` in arch/x86/mm/pat/memtype.c).
  init(device: Text, core: Vmcore) throws(Errno) {
    file = try FileDescriptor.open(device, flags: FileDescriptor.readWrite)
    switch try file.kind() {
    case .regular: size = try file.size()
    case .memoryDevice: size = nil
    case .other: throw .notSuitable
    }
    vmcore = core
  }

  override var way: StoreWay? { .device }
  override var core: Vmcore? { vmcore }

  override func shows(_ kernel: CrashedKernel) -> Bool? { kernel.landmark { shows($0) } }

  /// Compares a frame through the device and through the vmcore; nil if the vmcore has only zeros there, or the frame can't be mapped.
  private func shows(_ frame: PFN) -> Bool? {
    // A page outside all PT_LOADs, as a damaged VMCOREINFO names them, has no place in the device either.
    guard vmcore.memory(around: frame) != nil, isInside(frame.address.rawValue + PFN.pageSize) else { return nil }
    do throws(Errno) {
      let mapping = try Mapping(of: file, offset: frame.address.rawValue, count: frameSize, access: .read)
      return vmcore.page(frame, is: mapping.bytes)
    } catch { return nil }
  }

  /// Touching a mapping beyond the end of a regular file is a bus error; a device does not tell its size.
  private func isInside(_ end: UInt64) -> Bool { size.map { end <= $0 } ?? true }

  /// nil if the window can be mapped, and the frame begins with the same 64 bytes in the vmcore.
  override func refusal(of frame: FrameNumber, usable: Int) -> Refusal? {
    do throws(StoreError) { return vmcore.refusal(of: frame, seenAs: try mapped(frame, upTo: 1)) } catch { return Refusal(error) }
  }

  override func failing(with frame: FrameNumber) -> Range<UInt64> { window(around: frame) }

  override func mapped(_ first: FrameNumber, upTo count: Int) throws(StoreError) -> UnsafeMutableRawBufferPointer {
    let position = first.rawValue &* UInt64(frameSize)
    let window: Windows.Window
    if let found = windows.window(over: position) { window = found } else { window = try map(first) }
    let start = Int(position - window.start)
    let bytes = window.mapping.bytes
    return .init(rebasing: bytes[start..<start + min(bytes.count - start, count * frameSize)])
  }

  private func map(_ frame: FrameNumber) throws(StoreError) -> Windows.Window {
    let frames = window(around: frame)
    // No PFN is beyond 40 bits (`LoadSegment`).
    let range = frames.lowerBound * UInt64(frameSize)..<frames.upperBound * UInt64(frameSize)
    guard vmcore.memory(around: PFN(frame.rawValue)) != nil, isInside(range.upperBound) else { throw .inaccessible(frame, .invalid) }
    do throws(Errno) { return try windows.map(file, range, .readWrite) } catch {
      // The frames are good: this kernel has no memory for the mapping.
      if error == .noMemory { throw .noMemory }
      throw .inaccessible(frame, error)
    }
  }
}
