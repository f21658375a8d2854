// Memory safety: the mapping is this object's own for its whole life; a handle is checked against what has been handed out so
// far before it becomes a pointer, and records are plain bytes.
import Platform

/// Records of one size, in memory that grows by pages and can refuse to: what a Swift array can't.
///
/// A record is named by a handle, which is never 0. Freed records are chained through their first bytes and used again
/// first. Address space for the most records is reserved at once; memory is taken as they are used.
final class SlabMemory {
  private let mapping: Mapping
  private let budget: MemoryBudget
  private let stride: Int
  private let capacity: Int
  /// Handles that have been handed out at some time: 1 ... high.
  private(set) var high = 0
  /// Records that fit in the memory taken from the budget.
  private var committed = 0
  private(set) var committedBytes = 0
  /// What the last `reserve` was for.
  private var promised = 0
  private var firstFree: UInt32 = 0
  private(set) var freeCount = 0
  /// Records in use.
  var count: Int { high - freeCount }
  /// Records that can be added without taking memory.
  var room: Int { freeCount + committed - high }

  private var growth: Int { max(4096, stride) }

  /// Without address space there is room for no record.
  init(stride: Int, capacity: Int, budget: MemoryBudget) {
    mapping = Mapping(reserving: min(capacity, budget.limit / stride + 1) * stride)
    self.stride = stride
    self.capacity = mapping.bytes.count / stride
    self.budget = budget
  }

  /// Makes sure that the next `count` calls of `add` succeed.
  func reserve(_ count: Int) throws(FileSystemError) {
    promised = count
    while room < count {
      guard committed < capacity else { throw .noMemory }
      try budget.take(growth)
      committedBytes += growth
      committed = min(capacity, committedBytes / stride)
    }
  }

  /// Adds a record of undefined contents, for which `reserve` has made room.
  func add() -> UInt32 {
    if firstFree != 0 {
      let handle = firstFree
      firstFree = self[handle].load(as: UInt32.self)
      freeCount -= 1
      return handle
    }
    precondition(high < committed, "a record without a reservation")
    high += 1
    return UInt32(high)
  }

  /// Frees a record. Once all are free the memory goes back to the system, but for what is still reserved.
  func remove(_ handle: UInt32) {
    self[handle].storeBytes(of: firstFree, as: UInt32.self)
    firstFree = handle
    freeCount += 1
    if freeCount == high { reset() }
  }

  private func reset() {
    mapping.discard(offset: 0, count: (high * stride + 4095) / 4096 * 4096)
    // An operation may add records after it has removed the last: what it has reserved stays.
    let kept = min(committedBytes, (promised * stride + growth - 1) / growth * growth)
    budget.giveBack(committedBytes - kept)
    (high, committedBytes, firstFree, freeCount) = (0, kept, 0, 0)
    committed = min(capacity, kept / stride)
  }

  /// The handles that have been handed out, of records that were freed as well.
  var handles: Range<UInt32> { 1..<UInt32(high) + 1 }

  /// Whether a handle has ever been handed out; nothing more is known of a freed one.
  func contains(_ handle: UInt32) -> Bool { handle > 0 && Int(handle) <= high }

  /// Where a record lies.
  @inline(never)
  subscript(handle: UInt32) -> UnsafeMutableRawPointer {
    precondition(contains(handle), "a handle that was never handed out")
    return mapping.bytes.baseAddress! + (Int(handle) - 1) * stride
  }
}
