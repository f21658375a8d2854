/// The class of a frame; the classes are makedumpfile's (`__exclude_unnecessary_pages`, makedumpfile.c 1.7.8).
public enum FrameClass: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  /// No memory, or none that the vmcore holds.
  case absent
  /// The kernel's own, and everything that is not known to be something else.
  case kernel
  /// In the buddy allocator.
  case free
  /// Page cache without private data.
  case cache
  /// Page cache with private data (`PG_private`): buffers of a file system.
  case privateCache
  /// Anonymous memory of processes.
  case user
  /// Huge pages of hugetlbfs, in use or in its pool.
  case hugetlb
  /// Hardware reported it broken: never touched.
  case poisoned
  /// Memory given back to the hypervisor: touching it can fault.
  case offline
  /// Memory that a confidential guest has not accepted from its hypervisor yet: touching it faults.
  case unaccepted
}

/// Why a frame that the dump leaves out is not safe to write.
public enum HoldReason: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  /// Nothing: the dump level alone decides.
  case none
  /// Below 1 MiB, where firmware and the kexec code have their own.
  case lowMemory
  /// `PG_locked`: somebody is at work on it.
  case locked
  /// `PG_writeback`: a device may be reading it.
  case writeback
  /// More references than its mappings and its owner explain: pinned, perhaps for a device.
  case references
  /// A large folio or huge page whose number of mappings is unknown.
  case compound
  /// `PG_reserved`.
  case reserved
  /// `PG_hwpoison`.
  case poisoned
  /// A mapping that is neither a file's nor plainly anonymous (KSM, movable).
  case mapping
  /// Neighbours that contradict it: a free block with pages in it that are not free.
  case contradictory
  /// The kernel's image, struct pages, and the tables that lead to them: never changed, whatever its own struct page says.
  case structures
  /// It can't be evicted: a confidential guest's memory, or locked in memory by a process.
  case unevictable
  /// The layout of the page's flags, or of its section's, is unknown.
  case unknownFlags
  /// Private data, such as a file system's buffers, that is busy or of an unknown kind.
  case buffers
  /// A huge page in use by a process or a file. A device that the process drives itself may write to it, and the kernel does not know
  /// (UIO, as DPDK uses it).
  case hugetlb
  /// The capture kernel has it already, as RAM or for a device.
  case taken
}

/// A frame's class and what holds it back, in a byte.
public struct FrameState: Equatable, BitwiseCopyable, Sendable {
  public let rawValue: UInt8

  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The reason has no default: whoever forgot it would give the frame away.
  init(_ frameClass: FrameClass, _ hold: HoldReason) { rawValue = frameClass.rawValue | hold.rawValue << 4 }

  public var frameClass: FrameClass { FrameClass(rawValue: rawValue & 15) ?? .kernel }
  public var hold: HoldReason { HoldReason(rawValue: rawValue >> 4) ?? .unknownFlags }
}
