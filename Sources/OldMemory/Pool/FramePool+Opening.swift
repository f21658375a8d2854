import CrashedKernel
import DeviceDax
import Frames
import Platform
import Vmcore

/// How frames are written.
public enum StoreWay: UInt8, CaseIterable, BitwiseCopyable, Describable {
  /// Through windows of the memory device.
  case device
  /// Through pieces of it that device dax gives out.
  case dax
  /// By writing the vmcore at its file offsets.
  case vmcore

  /// Its word in a mount's options.
  public var word: Literal {
    switch self {
    case .device: return "devmem"
    case .dax: return "dax"
    case .vmcore: return "vmcore"
    }
  }

  @inline(never)
  public func describe(to text: inout Text) {
    switch self {
    case .device: text.append("windows of the memory device")
    case .dax: text.append("device dax")
    case .vmcore: text.append("writes to the vmcore")
    }
  }
}

/// Why no pool could be made.
public enum PoolError: Error, BitwiseCopyable {
  /// No way to write frames works.
  case noWay(WayFailures)
  /// No frame is reusable at this level.
  case nothingReusable(DumpLevel)
  /// None was found to be reusable, but some sections can't be read, the first for this reason.
  case unreadable(sections: Int, KernelError)
  case noMemory(Errno)
}

/// Why one way to write frames does not work.
public enum WayError: Error, BitwiseCopyable {
  /// The file can't be opened.
  case unopenable(Errno)
  /// It opens, but does not show the crashed kernel's memory.
  case foreign
  /// It opens, but none of the crashed kernel's own pages can be mapped, so that nothing proves whose memory it shows.
  case unmappable
  /// It opens, but no reusable frame can be mapped or written; the first one for this reason.
  case refused(Refusal)
}

/// Why a reusable frame can't be written.
public enum Refusal: BitwiseCopyable, Sendable {
  /// It can't be mapped, or read and written back.
  case inaccessible(Errno)
  /// Its bytes can't be read from the vmcore, to be compared with the device's.
  case unreadable(VmcoreError)
  /// The device shows other bytes there than the vmcore.
  case different
  /// Device dax has no region there.
  case outside
  /// So few of a piece's frames are reusable that the piece costs more than they are worth.
  case few

  init(_ error: StoreError) {
    switch error {
    case .inaccessible(_, let cause): self = .inaccessible(cause)
    case .noMemory: self = .inaccessible(Errno.noMemory)
    case .noSpace, .damaged: preconditionFailure("a frame is looked at, not given out")
    }
  }
}

/// Why each way to write frames failed; nil for one that was not tried.
public struct WayFailures: BitwiseCopyable, Sendable {
  public private(set) var device: WayError?
  public private(set) var dax: WayError?
  public private(set) var vmcore: WayError?

  mutating func record(_ way: StoreWay, _ error: WayError) {
    switch way {
    case .device: device = error
    case .dax: dax = error
    case .vmcore: vmcore = error
    }
  }
}

/// Where old memory is, and how it may be written.
public final class OldMemoryPaths {
  public var vmcore: Text
  /// The memory device; nil where the vmcore is a file of its own, which no memory device shows.
  public var device: Text?
  /// Where device dax may have regions of that memory; nil where the vmcore is a file of its own.
  public var bus: DaxBus?
  /// The only way to try; nil to try the device first, then device dax, and then the vmcore.
  public var way: StoreWay?

  /// Nothing may be written at all, not even to prove that it could be.
  public private(set) var isReadOnly = false

  public init(vmcore: Text, device: Text?, bus: DaxBus? = nil, way: StoreWay?) {
    self.vmcore = vmcore
    self.device = device
    self.bus = bus
    self.way = way
  }

  /// From now on nothing may be written: the vmcore is read, and no device is opened.
  public func makeReadOnly() {
    isReadOnly = true
    way = .vmcore
  }
}

extension FramePool {
  /// A pool of anonymous memory, of at least one frame.
  public static func scratch(frames: Int, checksums: Bool) throws(Errno) -> FramePool {
    let pool = try FramePool(source: .scratch(frames: frames), backend: try ScratchBackend(frames: frames), checksums: checksums)
    while !pool.isScanned { pool.scanNextSection() }
    return pool
  }

  /// A pool of the frames of a crashed kernel that are reusable under the policy, with the first way to write that is proven to work on
  /// one of them (`way` tells which).
  public static func oldMemory(
    of kernel: CrashedKernel, policy: ReusePolicy, paths: OldMemoryPaths, checksums: Bool
  ) throws(PoolError) -> FramePool {
    var failures = WayFailures()
    for way in StoreWay.allCases where paths.way.map({ $0 == way }) ?? true {
      let backend: Backend
      do throws(Errno) {
        guard let opened = try open(way, paths, core: kernel.core) else { continue }
        backend = opened
      } catch {
        failures.record(way, .unopenable(error))
        continue
      }
      let shows = backend.shows(kernel)
      guard shows == true else {
        failures.record(way, shows == nil ? .unmappable : .foreign)
        continue
      }
      let pool: FramePool
      do throws(Errno) { pool = try FramePool(source: .crashed(kernel, policy), backend: backend, checksums: checksums) } catch {
        throw .noMemory(error)
      }
      guard let refusal = try pool.refusal(policy.level) else { return pool }
      failures.record(way, .refused(refusal))
    }
    throw .noWay(failures)
  }

  /// nil for a way that there is not for this memory.
  private static func open(_ way: StoreWay, _ paths: OldMemoryPaths, core: Vmcore) throws(Errno) -> Backend? {
    switch way {
    case .device:
      guard let device = paths.device else { return nil }
      return try DeviceBackend(device: device, core: core)
    case .dax:
      guard let bus = paths.bus else { return nil }
      return try DaxBackend(bus, core: core)
    case .vmcore: return try VmcoreBackend(path: paths.vmcore, core: core, readOnly: paths.isReadOnly)
    }
  }

  /// Tries the first frame. Returns why it can't be written; nil if it can. Throws `nothingReusable` or `unreadable` if there is none.
  private func refusal(_ level: DumpLevel) throws(PoolError) -> Refusal? {
    do throws(StoreError) {
      release(try allocate(upTo: 1, after: nil))
      return nil
    } catch {
      if case .noMemory = error { throw .noMemory(.noMemory) }
      if let firstRefusal { return firstRefusal }
      throw firstDamage.map { .unreadable(sections: damagedSections, $0) } ?? .nothingReusable(level)
    }
  }
}
