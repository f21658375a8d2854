// Memory safety: a slab owns its mapping for its whole life; a handle is checked against what has been handed out so far
// before it becomes a pointer, records are plain bytes, and no pointer leaves an access.
import Platform

/// Records of one kind, in memory of their own that grows by pages and can refuse to: what a Swift array can't.
///
/// A record is named by a handle, which is never 0. Freed records are chained through their first bytes and used again
/// first. Address space for the most records is reserved at once; memory is taken as they are used.
final class Slab<Record: BitwiseCopyable> {
  private let memory: Mapping
  private let budget: MemoryBudget
  private let capacity: Int
  /// Handles that have been handed out at some time: 1 ... high.
  private(set) var high = 0
  /// Records that fit in the memory taken from the budget.
  private var committed = 0
  private var firstFree: UInt32 = 0
  private(set) var freeCount = 0
  /// Records in use.
  var count: Int { high - freeCount }
  /// Records that can be added without taking memory.
  var room: Int { freeCount + committed - high }

  private static var stride: Int { max(8, MemoryLayout<Record>.stride) }
  private static var growth: Int { max(4096, stride) }

  /// A slab for at most `capacity` records, or as many as the budget could ever pay for.
  init(capacity most: Int, budget: MemoryBudget) throws(FileSystemError) {
    let capacity = min(most, budget.limit / Self.stride + 1)
    do throws(Errno) { memory = try Mapping(anonymous: capacity * Self.stride) } catch { throw .noMemory }
    self.capacity = capacity
    self.budget = budget
  }

  /// Makes sure that the next `count` calls of `add` succeed.
  func reserve(_ count: Int) throws(FileSystemError) {
    promised = count
    while room < count {
      guard committed < capacity else { throw .noMemory }
      try budget.take(Self.growth)
      let bytes = committedBytes + Self.growth
      committedBytes = bytes
      committed = min(capacity, bytes / Self.stride)
    }
  }

  private(set) var committedBytes = 0
  /// What the last `reserve` was for.
  private var promised = 0

  /// Adds a record, for which `reserve` has made room.
  func add(_ record: Record) -> UInt32 {
    let handle: UInt32
    if firstFree != 0 {
      handle = firstFree
      firstFree = raw(handle).load(as: UInt32.self)
      freeCount -= 1
    } else {
      precondition(high < committed, "a record without a reservation")
      high += 1
      handle = UInt32(high)
    }
    raw(handle).storeBytes(of: record, as: Record.self)
    return handle
  }

  /// Frees a record. Once all are free the memory goes back to the system, but for what is still reserved.
  func remove(_ handle: UInt32) {
    raw(handle).storeBytes(of: firstFree, as: UInt32.self)
    firstFree = handle
    freeCount += 1
    if freeCount == high { reset() }
  }

  private func reset() {
    memory.discard(offset: 0, count: (high * Self.stride + 4095) / 4096 * 4096)
    // An operation may add records after it has removed the last: what it has reserved stays.
    let kept = min(committedBytes, (promised * Self.stride + Self.growth - 1) / Self.growth * Self.growth)
    budget.giveBack(committedBytes - kept)
    (high, committedBytes, firstFree, freeCount) = (0, kept, 0, 0)
    committed = min(capacity, kept / Self.stride)
  }

  subscript(handle: UInt32) -> Record {
    unsafeAddress { UnsafePointer(pointer(handle)) }
    unsafeMutableAddress { pointer(handle) }
  }

  /// The handles that have been handed out, of records that were freed as well.
  var handles: Range<UInt32> { 1..<UInt32(high) + 1 }

  /// Whether a handle has ever been handed out; nothing more is known of a freed one.
  func contains(_ handle: UInt32) -> Bool { handle > 0 && Int(handle) <= high }

  private func raw(_ handle: UInt32) -> UnsafeMutableRawPointer {
    precondition(contains(handle), "a handle that was never handed out")
    return memory.bytes.baseAddress! + (Int(handle) - 1) * Self.stride
  }

  private func pointer(_ handle: UInt32) -> UnsafeMutablePointer<Record> { raw(handle).assumingMemoryBound(to: Record.self) }
}
