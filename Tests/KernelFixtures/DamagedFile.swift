import Foundation

/// A file whose bytes can be damaged at random and repaired.
public final class DamagedFile {
  /// Ranges of one kind, with its name, such as "struct pages".
  public struct Region: Sendable {
    public let name: String
    public let ranges: [Range<UInt64>]

    public init(name: String, ranges: [Range<UInt64>]) {
      self.name = name
      self.ranges = ranges
    }

    /// A random position in it, a multiple of `alignment` from the start of its range.
    func place(_ random: inout SeededGenerator, alignment: UInt64) -> UInt64 {
      let range = ranges[Int(random.next() % UInt64(ranges.count))]
      let count = UInt64(range.count)
      return range.lowerBound + (random.next() % count) / alignment * alignment
    }
  }

  private let file: FileHandle
  private let regions: [Region]
  private var undo: [(offset: UInt64, bytes: Data)] = []

  public init(path: String, regions: [Region]) throws {
    file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    self.regions = regions.filter { !$0.ranges.isEmpty }
  }

  deinit { try? file.close() }

  /// Damages something, and returns a text that says what.
  public func damage(_ random: inout SeededGenerator) throws -> String {
    let region = regions[Int(random.next() % UInt64(regions.count))]
    switch random.next() % 8 {
    case 0, 1:
      let place = region.place(&random, alignment: 1)
      try change(place, 1) { $0[0] ^= 1 << UInt8(random.next() % 8) }
    case 2:
      let place = region.place(&random, alignment: 8)
      let word = random.next()
      try change(place, 8) { bytes in for index in 0..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: word >> UInt64(8 * index)) } }
    case 3: try copy(8, from: region.place(&random, alignment: 8), to: region.place(&random, alignment: 8))
    // Near each other, as the fields of two struct pages are.
    case 4:
      let place = region.place(&random, alignment: 64)
      try copy(64, from: place &+ 64 * (random.next() % 16), to: place)
    case 5: try copy(4096, from: region.place(&random, alignment: 4096), to: region.place(&random, alignment: 4096))
    case 6:
      let fill = [0, 0xff, UInt8(truncatingIfNeeded: random.next())][Int(random.next() % 3)]
      try change(region.place(&random, alignment: 4096), 4096) { bytes in for index in 0..<bytes.count { bytes[index] = fill } }
    default:
      try change(region.place(&random, alignment: 4096), 4096) { bytes in
        for index in 0..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
      }
    }
    return region.name
  }

  /// Repairs all damage.
  public func repair() throws {
    for (offset, bytes) in undo.reversed() { try write(bytes, at: offset) }
    undo = []
  }

  private func copy(_ count: Int, from source: UInt64, to target: UInt64) throws {
    let bytes = try read(count, at: source)
    try change(target, bytes.count) { $0.replaceSubrange(0..<min($0.count, bytes.count), with: bytes.prefix($0.count)) }
  }

  private func change(_ offset: UInt64, _ count: Int, _ body: (inout [UInt8]) -> Void) throws {
    let old = try read(count, at: offset)
    guard !old.isEmpty else { return }
    undo.append((offset, old))
    var bytes = Array(old)
    body(&bytes)
    try write(Data(bytes), at: offset)
  }

  private func read(_ count: Int, at offset: UInt64) throws -> Data {
    try file.seek(toOffset: offset)
    return try file.read(upToCount: count) ?? Data()
  }

  private func write(_ bytes: Data, at offset: UInt64) throws {
    try file.seek(toOffset: offset)
    try file.write(contentsOf: bytes)
  }
}

/// Random numbers that a seed can repeat (SplitMix64).
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}
