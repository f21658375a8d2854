import OldMemory
import Testing

@testable import FileSystem

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
    let slab = try Slab<Record>(capacity: 10_000, budget: MemoryBudget(limit: 1 << 20))
    let handles = try (0..<5000).map { try add(UInt64($0), to: slab) }
    #expect(Set(handles).count == 5000 && !handles.contains(0))
    for (number, handle) in handles.enumerated() { #expect(slab[handle] == Record(number: UInt64(number))) }
    slab[handles[3]].number = 99
    #expect(slab[handles[3]] == Record(number: 99))
  }

  @Test("freed records are used again before memory is taken")
  func reuse() throws {
    let budget = MemoryBudget(limit: 1 << 20)
    let slab = try Slab<Record>(capacity: 10_000, budget: budget)
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
    let slab = try Slab<Record>(capacity: 10_000, budget: budget)
    let handles = try (0..<5000).map { try add(UInt64($0), to: slab) }
    for handle in handles { slab.remove(handle) }
    #expect(slab.count == 0 && budget.used == 4096 && slab.room >= 1)
    #expect(slab[try add(5, to: slab)] == Record(number: 5))
  }

  @Test("what is reserved stays when the last record goes")
  func keepingReservations() throws {
    let slab = try Slab<Record>(capacity: 10_000, budget: MemoryBudget(limit: 1 << 20))
    let only = try add(1, to: slab)
    try slab.reserve(1000)
    slab.remove(only)
    for number in 0..<1000 { _ = slab.add(Record(number: UInt64(number))) }
    #expect(slab.count == 1000)
  }

  @Test("a reservation fails at the budget's end, and at the capacity's without taking more")
  func limits() throws {
    let tight = MemoryBudget(limit: 10_000)
    let slab = try Slab<Record>(capacity: 10_000, budget: tight)
    #expect(throws: FileSystemError.noMemory) { try slab.reserve(1000) }
    #expect(tight.used == 8192)
    let wide = MemoryBudget(limit: 1 << 20)
    let small = try Slab<Record>(capacity: 100, budget: wide)
    try small.reserve(100)
    for number in 0..<100 { _ = small.add(Record(number: UInt64(number))) }
    #expect(throws: FileSystemError.noMemory) { try small.reserve(1) }
    #expect(wide.used == 4096)
  }

  @Test("handles that were not handed out are known as such")
  func unknown() throws {
    let slab = try Slab<Record>(capacity: 100, budget: MemoryBudget(limit: 1 << 20))
    let handle = try add(1, to: slab)
    #expect(slab.contains(handle) && !slab.contains(0) && !slab.contains(handle + 1) && !slab.contains(UInt32.max))
  }
}

@Suite("Blobs")
struct BlobsTests {
  private static let lengths = [0, 1, 25, 26, 27, 249, 250, 251, 500, 501, 4095, 65536]

  @Test("bytes come back, are compared, and go without a trace", arguments: lengths)
  func roundTrip(length: Int) throws {
    let blobs = try Blobs(capacity: 1 << 16, budget: MemoryBudget(limit: 1 << 24))
    try blobs.reserve([length])
    let blob = blobs.store(pattern(length))
    #expect(blobs.bytes(of: blob) == pattern(length))
    #expect(blobs.isEqual(blob, to: pattern(length)))
    #expect(!blobs.isEqual(blob, to: pattern(length) + [1]))
    if length > 0 {
      #expect(!blobs.isEqual(blob, to: Array(pattern(length).dropLast())))
      var other = pattern(length)
      other[length - 1] ^= 1
      #expect(!blobs.isEqual(blob, to: other))
    }
    blobs.remove(blob)
    #expect(blobs.short.count == 0 && blobs.long.count == 0)
  }

  @Test("a reservation is just what is stored then", arguments: lengths, lengths)
  func reservations(one: Int, other: Int) throws {
    let blobs = try Blobs(capacity: 1 << 16, budget: MemoryBudget(limit: 1 << 24))
    try blobs.reserve([one, other])
    // A piece more than reserved would be a trap, once the rest of the page is taken.
    let pieces = [one, other].map { ($0 > 0 && $0 <= 26 ? 1 : 0, $0 > 26 ? ($0 + 249) / 250 : 0) }
    while blobs.short.room > pieces[0].0 + pieces[1].0 { _ = blobs.short.add(ShortPiece()) }
    while blobs.long.room > pieces[0].1 + pieces[1].1 { _ = blobs.long.add(LongPiece()) }
    let handles = [blobs.store(pattern(one)), blobs.store(pattern(other, seed: 5))]
    #expect(blobs.bytes(of: handles[0]) == pattern(one) && blobs.bytes(of: handles[1]) == pattern(other, seed: 5))
  }
}

@Suite("Extents")
struct ExtentTests {
  private func extent(_ block: UInt64, _ frame: UInt64, _ count: Int, isReserved: Bool = false) -> Extent {
    Extent(block: block, run: FrameRun(first: FrameNumber(frame), count: count), isReserved: isReserved)
  }

  @Test("what goes into the map comes out of it, at the limits too", arguments: [0, 1, 1 << 51] as [UInt64], [0, 1, 1 << 40 - 1] as [UInt64])
  func encoding(block: UInt64, frame: UInt64) {
    for count in [1, 2, Extent.mostBlocks] {
      for isReserved in [false, true] {
        let extent = extent(block, frame, count, isReserved: isReserved)
        let decoded = Extent(MapEntry(key: MapKey(owner: 1, position: block), value: extent.value))
        #expect(decoded.block == block && decoded.frame.rawValue == frame && decoded.count == count && decoded.isReserved == isReserved)
      }
    }
  }

  @Test("one continues another only in the file and in the frames, of the same kind, within the limit")
  func continuing() {
    #expect(extent(10, 100, 5).isContinued(by: extent(15, 105, 1)))
    #expect(!extent(10, 100, 5).isContinued(by: extent(16, 105, 1)))
    #expect(!extent(10, 100, 5).isContinued(by: extent(15, 106, 1)))
    #expect(!extent(10, 100, 5).isContinued(by: extent(15, 105, 1, isReserved: true)))
    let most = Extent.mostBlocks
    #expect(extent(0, 0, most - 1).isContinued(by: extent(UInt64(most) - 1, UInt64(most) - 1, 1)))
    #expect(!extent(0, 0, most).isContinued(by: extent(UInt64(most), UInt64(most), 1)))
  }

  @Test("a part has the frames that belong to its blocks")
  func parts() {
    let part = extent(10, 100, 5, isReserved: true).part(12..<14)
    #expect(part.block == 12 && part.frame.rawValue == 102 && part.count == 2 && part.isReserved)
  }

  @Test("files larger than one extent can say are several")
  func largeFiles() throws {
    let fileSystem = try FileSystem(on: HollowStore(frames: 1 << 25), limits: MountLimits())
    let file = try fileSystem.makeNode(
      FileName([65]), in: .root, mode: FileMode(FileMode.regular), device: 0, by: Tree.root).attributes.inode
    try fileSystem.allocate(file, at: 0, count: 3 << 35, mode: [], by: Tree.root)
    #expect(fileSystem.extents.count == 4)
    #expect(try fileSystem.attributes(of: file).blocks == 3 << 26)
    try fileSystem.allocate(file, at: 1 << 35, count: 1 << 12, mode: [.punchHole, .keepSize], by: Tree.root)
    #expect(throws: FileSystemError.noData) { try fileSystem.seek(.data, in: file, from: 0) }
    #expect(try fileSystem.attributes(of: file).blocks == 3 << 26 - 8)
  }
}
