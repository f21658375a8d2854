/// What a frame is, by makedumpfile's classes (`__exclude_unnecessary_pages`, makedumpfile.c 1.7.8).
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
  /// Memory that is not to be touched: hardware reported it broken.
  case poisoned
  /// Memory given back to the hypervisor: touching it can fault.
  case offline
  /// Memory that a confidential guest has not accepted from its hypervisor yet: touching it faults.
  case unaccepted
}

/// Why a frame that the dump leaves out is not safe to write.
public enum HoldReason: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  case none
  /// Below 1 MiB, where firmware and the kexec code have their own.
  case lowMemory
  /// `PG_locked`: somebody is at work on it.
  case locked
  /// `PG_writeback`: a device may be reading it.
  case writeback
  /// More references than its mappings and its owner explain: pinned, perhaps for a device.
  case references
  /// A large folio or huge page of which it can't be told how often it is mapped.
  case compound
  /// `PG_reserved`.
  case reserved
  /// `PG_hwpoison`.
  case poisoned
  /// A mapping that is neither a file's nor plainly anonymous (KSM, movable).
  case mapping
  /// Neighbours that contradict it: a free block with pages in it that are not free.
  case contradictory
  /// It holds struct pages or what leads to them, and should not be reusable at all: its own struct page
  /// is damaged.
  case structures
  /// Page cache that can't be evicted, and may be a confidential guest's memory.
  case unevictable
  /// The kernel's flags are laid out in a way that is not known.
  case unknownFlags
}

/// A frame's class and what holds it back, in a byte.
public struct FrameState: Equatable, BitwiseCopyable, Sendable {
  public let rawValue: UInt8

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ frameClass: FrameClass, _ hold: HoldReason = .none) { rawValue = frameClass.rawValue | hold.rawValue << 4 }

  public var frameClass: FrameClass { FrameClass(rawValue: rawValue & 15) ?? .kernel }
  public var hold: HoldReason { HoldReason(rawValue: rawValue >> 4) ?? .unknownFlags }
}
