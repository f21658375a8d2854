import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("The slab")
struct SlabTests {
  private struct Record: BitwiseCopyable, Equatable {
    var number: UInt64
    var more: (UInt64, UInt64) = (7, 8)
    static func == (left: Record, right: Record) -> Bool { left.number == right.number && left.more == right.more }
  }

  private func add(_ number: UInt64, to slab: Slab<Record>) throws -> UInt32 {
    try slab.reserve(1)
    return slab.add(Record(number: number))
  }

  @Test("handles are never 0, and name what was added")
  func adding() throws {
    let slab = Slab<Record>(capacity: 10_000, budget: MemoryBudget(limit: 1 << 20))
    let handles = try (0..<5000).map { try add(UInt64($0), to: slab) }
    #expect(Set(handles).count == 5000 && !handles.contains(0))
    for (number, handle) in handles.enumerated() { #expect(slab[handle] == Record(number: UInt64(number))) }
    slab[handles[3]].number = 99
    #expect(slab[handles[3]] == Record(number: 99))
  }

  @Test("freed records are used again before memory is taken")
  func reuse() throws {
    let budget = MemoryBudget(limit: 1 << 20)
    let slab = Slab<Record>(capacity: 10_000, budget: budget)
    let handles = try (0..<1000).map { try add(UInt64($0), to: slab) }
    let used = budget.used
    for handle in handles.dropFirst(10) { slab.remove(handle) }
    let again = try (0..<990).map { try add(UInt64($0), to: slab) }
    #expect(Set(again) == Set(handles.dropFirst(10)) && budget.used == used)
    #expect(slab.count == 1000)
  }

  @Test("the memory goes back once all are free, but for what was reserved last")
  func emptying() throws {
    let budget = MemoryBudget(limit: 1 << 20)
    let slab = Slab<Record>(capacity: 10_000, budget: budget)
    let handles = try (0..<5000).map { try add(UInt64($0), to: slab) }
    for handle in handles { slab.remove(handle) }
    #expect(slab.count == 0 && budget.used == 4096 && slab.room >= 1)
    #expect(slab[try add(5, to: slab)] == Record(number: 5))
  }

  @Test("what is reserved stays when the last record goes")
  func keepingReservations() throws {
    let slab = Slab<Record>(capacity: 10_000, budget: MemoryBudget(limit: 1 << 20))
    let only = try add(1, to: slab)
    try slab.reserve(1000)
    slab.remove(only)
    for number in 0..<1000 { _ = slab.add(Record(number: UInt64(number))) }
    #expect(slab.count == 1000)
  }

  @Test("a reservation fails at the budget's end, and at the capacity's without taking more")
  func limits() throws {
    let tight = MemoryBudget(limit: 10_000)
    let slab = Slab<Record>(capacity: 10_000, budget: tight)
    #expect(throws: FileSystemError.noMemory) { try slab.reserve(1000) }
    #expect(tight.used == 8192)
    let wide = MemoryBudget(limit: 1 << 20)
    let small = Slab<Record>(capacity: 100, budget: wide)
    try small.reserve(100)
    for number in 0..<100 { _ = small.add(Record(number: UInt64(number))) }
    #expect(throws: FileSystemError.noMemory) { try small.reserve(1) }
    #expect(wide.used == 4096)
  }

  @Test("handles that were not handed out are known as such")
  func unknown() throws {
    let slab = Slab<Record>(capacity: 100, budget: MemoryBudget(limit: 1 << 20))
    let handle = try add(1, to: slab)
    #expect(slab.contains(handle) && !slab.contains(0) && !slab.contains(handle + 1) && !slab.contains(UInt32.max))
  }
}
