/// A node of an `OrderedMap`: up to 24 entries, sorted by key. In an inner node the values are its children. Each key is a lower bound
/// of its child's keys; the first child's key is not maintained.
struct MapNode: BitwiseCopyable {
  static var capacity: Int { 24 }

  private var used: UInt16 = 0
  /// A leaf's neighbours.
  var previous: UInt32 = 0
  var next: UInt32 = 0
  private var owners = InlineArray<24, UInt32>(repeating: 0)
  private var positions = InlineArray<24, UInt64>(repeating: 0)
  private var values = InlineArray<24, UInt64>(repeating: 0)

  var size: Int { Int(used) }

  func key(_ place: Int) -> MapKey { MapKey(owner: owners[place], position: positions[place]) }
  func value(_ place: Int) -> UInt64 { values[place] }
  func entry(_ place: Int) -> MapEntry { MapEntry(key: key(place), value: values[place]) }

  mutating func set(_ place: Int, _ key: MapKey, _ value: UInt64) {
    owners[place] = key.owner
    positions[place] = key.position
    values[place] = value
  }

  /// The first place whose key is not below `key`; `size` if there is none.
  func firstPlace(from key: MapKey) -> Int { firstPlace(from: 0) { $0 >= key } }

  /// The place of the child in which a key belongs. Every key below the second child's belongs in the first: the first child's own key
  /// may be above keys that came later.
  func child(for key: MapKey) -> Int { firstPlace(from: 1) { $0 > key } - 1 }

  /// The first place from `start` on whose key is beyond, by `isBeyond`, which then holds for all places after it.
  private func firstPlace(from start: Int, where isBeyond: (MapKey) -> Bool) -> Int {
    var low = start
    var high = size
    while low < high {
      let middle = (low + high) / 2
      if isBeyond(key(middle)) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  mutating func insert(_ key: MapKey, _ value: UInt64, at place: Int) {
    precondition(size < Self.capacity && place <= size)
    for index in stride(from: size, to: place, by: -1) { set(index, self.key(index - 1), values[index - 1]) }
    set(place, key, value)
    used += 1
  }

  mutating func remove(at place: Int) {
    precondition(place < size)
    for index in place..<size - 1 { set(index, key(index + 1), values[index + 1]) }
    used -= 1
  }

  mutating func truncate(to count: Int) { used = UInt16(count) }
}
