import Platform

/// Records of one kind, in memory of their own: see `SlabMemory`.
struct Slab<Record: BitwiseCopyable> {
  let memory: SlabMemory

  /// A slab for at most `capacity` records, or as many as the budget could ever pay for.
  init(capacity: Int, budget: MemoryBudget) {
    memory = SlabMemory(stride: max(8, MemoryLayout<Record>.stride), capacity: capacity, budget: budget)
  }

  /// Makes sure that the next `count` calls of `add` succeed.
  func reserve(_ count: Int) throws(FileSystemError) { try memory.reserve(count) }

  /// Adds a record, for which `reserve` has made room.
  func add(_ record: Record) -> UInt32 {
    let handle = memory.add()
    memory[handle].storeBytes(of: record, as: Record.self)
    return handle
  }

  func remove(_ handle: UInt32) { memory.remove(handle) }

  /// Memory safety: no pointer leaves an access.
  subscript(handle: UInt32) -> Record {
    unsafeAddress { UnsafePointer(address(of: handle)) }
    nonmutating unsafeMutableAddress { address(of: handle) }
  }

  /// Where a record lies, as long as the slab does: for records that are not read and written as a whole or by their fields.
  func address(of handle: UInt32) -> UnsafeMutablePointer<Record> { memory[handle].assumingMemoryBound(to: Record.self) }

  func contains(_ handle: UInt32) -> Bool { memory.contains(handle) }
  var handles: Range<UInt32> { memory.handles }
  var high: Int { memory.high }
  var count: Int { memory.count }
  var room: Int { memory.room }
  var freeCount: Int { memory.freeCount }
  var committedBytes: Int { memory.committedBytes }
}
