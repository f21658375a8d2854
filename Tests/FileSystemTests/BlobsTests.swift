import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Blobs")
struct BlobsTests {
  private func room(_ counts: Int...) -> BlobRoom {
    var room = BlobRoom()
    for count in counts { room.add(count) }
    return room
  }

  private static let lengths = [0, 1, 25, 26, 27, 249, 250, 251, 500, 501, 4095, 65536]

  @Test("bytes come back, are compared, and go without a trace", arguments: lengths)
  func roundTrip(length: Int) throws {
    let blobs = Blobs(capacity: 1 << 16, budget: MemoryBudget(limit: 1 << 24))
    try blobs.reserve(room(length))
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
    #expect(blobs.shortForTests.count == 0 && blobs.longForTests.count == 0)
  }

  @Test("a reservation is just what is stored then", arguments: lengths, lengths)
  func reservations(one: Int, other: Int) throws {
    let blobs = Blobs(capacity: 1 << 16, budget: MemoryBudget(limit: 1 << 24))
    try blobs.reserve(room(one, other))
    // A piece more than reserved would be a trap, once the rest of the page is taken.
    let pieces = [one, other].map { ($0 > 0 && $0 <= 26 ? 1 : 0, $0 > 26 ? ($0 + 249) / 250 : 0) }
    while blobs.shortForTests.room > pieces[0].0 + pieces[1].0 { _ = blobs.shortForTests.add(ShortPiece()) }
    while blobs.longForTests.room > pieces[0].1 + pieces[1].1 { _ = blobs.longForTests.add(LongPiece()) }
    let handles = [blobs.store(pattern(one)), blobs.store(pattern(other, seed: 5))]
    #expect(blobs.bytes(of: handles[0]) == pattern(one) && blobs.bytes(of: handles[1]) == pattern(other, seed: 5))
  }
}
