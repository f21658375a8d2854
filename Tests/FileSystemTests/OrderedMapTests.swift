import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("The ordered map")
struct OrderedMapTests {
  private func makeMap() throws -> OrderedMap { OrderedMap(nodes: 1 << 16, budget: MemoryBudget(limit: 64 << 20)) }

  private func key(_ number: Int) -> MapKey { MapKey(owner: UInt32(number >> 8), position: UInt64(number & 0xff)) }

  private func insert(_ number: Int, into map: OrderedMap) throws {
    try map.reserve()
    map.insert(key(number), UInt64(number) * 3)
  }

  /// Compares with what should be in it, by each way to look.
  private func compare(_ map: OrderedMap, _ numbers: Set<Int>, probes: Range<Int>, _ comment: Comment) {
    #expect(map.findings() == [], comment)
    let sorted = numbers.sorted()
    #expect(map.all.map { Int($0.key.owner) << 8 | Int($0.key.position) } == sorted, comment)
    for probe in probes {
      #expect(map[key(probe)] == (numbers.contains(probe) ? UInt64(probe) * 3 : nil), comment)
      #expect(map.first(from: key(probe))?.value == sorted.first { $0 >= probe }.map { UInt64($0) * 3 }, comment)
      #expect(map.last(upTo: key(probe))?.value == sorted.last { $0 <= probe }.map { UInt64($0) * 3 }, comment)
    }
  }

  @Test("an empty map has nothing")
  func empty() throws { compare(try makeMap(), [], probes: 0..<3, "empty") }

  @Test("keys come back in order, however they came", arguments: ["up", "down", "inside out", "random"])
  func orders(order: String) throws {
    let map = try makeMap()
    var numbers = Array(0..<3000)
    var random = SeededGenerator(seed: 3)
    switch order {
    case "down": numbers.reverse()
    case "inside out": numbers.sort { abs($0 - 1500) < abs($1 - 1500) }
    case "random": numbers.shuffle(using: &random)
    default: break
    }
    for number in numbers { try insert(number, into: map) }
    compare(map, Set(numbers), probes: 1490..<1510, "\(order)")
    for number in numbers where number % 3 > 0 { map.remove(key(number)) }
    compare(map, Set(numbers.filter { $0 % 3 == 0 }), probes: 1490..<1510, "\(order), thinned out")
    for number in numbers where number % 3 == 0 { map.remove(key(number)) }
    compare(map, [], probes: 0..<3, "\(order), emptied")
    #expect(map.nodes.count == 0)
  }

  @Test("written in order it is full nodes")
  func fill() throws {
    let map = try makeMap()
    for number in 0..<24_000 { try insert(number, into: map) }
    #expect(map.nodes.count < 24_000 / 24 * 11 / 10)
  }

  @Test("written in order between others it is full nodes, too")
  func fillBetween() throws {
    let map = try makeMap()
    for number in [1, 2, 3, 30_000, 30_001, 30_002] { try insert(number, into: map) }
    for number in 1000..<25_000 { try insert(number, into: map) }
    #expect(map.findings() == [] && map.nodes.count < 24_000 / 24 * 11 / 10)
  }

  @Test("random insertions, removals and updates agree with a set", arguments: [1, 2, 3] as [UInt64])
  func random(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let map = try makeMap()
    var numbers: Set<Int> = []
    for step in 0..<12_000 {
      // Grows and shrinks in turns.
      let number = random.below(step / 3000 % 2 == 0 ? 2000 : 500) * 7 % 2000
      if numbers.contains(number) {
        if random.once(in: 2) || step / 2000 % 2 == 1 {
          map.remove(key(number))
          numbers.remove(number)
        } else {
          map.update(key(number), to: UInt64(number) * 3)
        }
      } else if step / 2000 % 2 == 0 || random.once(in: 3) {
        try insert(number, into: map)
        numbers.insert(number)
      }
      // What the map remembers of one look must not mislead the next.
      #expect(map[key(number)] == (numbers.contains(number) ? UInt64(number) * 3 : nil))
      if step % 1000 == 0 { compare(map, numbers, probes: number..<number + 5, "step \(step)") }
    }
    for number in numbers { map.remove(key(number)) }
    #expect(map.findings() == [] && map.nodes.count == 0)
  }

  @Test("a reservation is enough for what it is for, whatever is split")
  func reservations() throws {
    var random = SeededGenerator(seed: 9)
    let map = try makeMap()
    // All room is taken before each reservation: a node more than reserved would be a trap.
    var ballast = 0
    var numbers = Array(0..<2000)
    numbers.shuffle(using: &random)
    for pair in stride(from: 0, to: numbers.count, by: 2) {
      while map.nodes.room > 0 {
        _ = map.nodes.add(MapNode())
        ballast += 1
      }
      try map.reserve(2)
      map.insert(key(numbers[pair]), 1)
      map.insert(key(numbers[pair + 1]), 2)
    }
    #expect(map.findings(ballast: ballast) == [])
  }

  @Test("a reservation that fails changes nothing")
  func failure() throws {
    let budget = MemoryBudget(limit: 64 << 20)
    let map = OrderedMap(nodes: 1 << 16, budget: budget)
    budget.growthsUntilFailure = 0
    #expect(throws: FileSystemError.noMemory) { try map.reserve() }
    #expect(budget.used == 0 && map.count == 0)
  }
}
