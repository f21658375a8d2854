// Memory safety: a node's address is that of a record of its slab's, which stays mapped for the slab's whole life; each place is checked
// against the capacity before it is used.
import Platform

/// The memory of a node of an `OrderedMap`: of up to 24 entries, in three arrays. `NodeReference` says what is where.
struct MapNode: BitwiseCopyable {
  static var capacity: Int { 24 }
  private var words = InlineArray<62, UInt64>(repeating: 0)
}

/// A node of an `OrderedMap`, where it lies: its entries, sorted by key. In an inner node the values are its children. Each key is a
/// lower bound of its child's keys; the first child's key is not maintained.
///
/// It goes through pointers because an `InlineArray` that is a part of something in memory is copied whole for each element that is
/// read (Swift 6.2): a search in a node was ten copies of 96 or 192 bytes, and most of what a scattered page cost.
struct NodeReference {
  private let memory: UnsafeMutableRawPointer

  init(_ node: UnsafeMutablePointer<MapNode>) { memory = UnsafeMutableRawPointer(node) }

  private var used: UnsafeMutablePointer<UInt32> { memory.assumingMemoryBound(to: UInt32.self) }
  private var owners: UnsafeMutablePointer<UInt32> { used + 3 }
  private var positions: UnsafeMutablePointer<UInt64> { (memory + 112).assumingMemoryBound(to: UInt64.self) }
  private var values: UnsafeMutablePointer<UInt64> { positions + MapNode.capacity }

  /// The number of entries.
  var size: Int { Int(used.pointee) }
  /// A leaf's neighbours; 0 for none.
  var previous: UInt32 {
    get { used[1] }
    nonmutating set { used[1] = newValue }
  }
  var next: UInt32 {
    get { used[2] }
    nonmutating set { used[2] = newValue }
  }

  /// A place that may hold an entry.
  private func checked(_ place: Int) -> Int {
    precondition(UInt(bitPattern: place) < UInt(MapNode.capacity), "a place beyond a node")
    return place
  }

  func key(_ place: Int) -> MapKey { MapKey(owner: owners[checked(place)], position: positions[place]) }
  func value(_ place: Int) -> UInt64 { values[checked(place)] }
  func child(_ place: Int) -> UInt32 { UInt32(value(place)) }
  func entry(_ place: Int) -> MapEntry { MapEntry(key: key(place), value: values[place]) }

  func set(_ place: Int, _ key: MapKey, _ value: UInt64) {
    owners[checked(place)] = key.owner
    positions[place] = key.position
    values[place] = value
  }

  /// The first place whose key is not below `key`; `size` if there is none.
  @inline(never)
  func firstPlace(from key: MapKey) -> Int { (0..<size).firstPlace { self.key($0) >= key } }

  /// The place of the child in which a key belongs. Every key below the second child's belongs in the first: the first child's own key
  /// may be above keys that came later.
  func place(ofChildFor key: MapKey) -> Int { (1..<size).firstPlace { self.key($0) > key } - 1 }

  @inline(never)
  func insert(_ key: MapKey, _ value: UInt64, at place: Int) {
    precondition(size < MapNode.capacity && place >= 0 && place <= size)
    move(from: place, to: place + 1)
    set(place, key, value)
    used.pointee += 1
  }

  @inline(never)
  func remove(at place: Int) {
    precondition(place >= 0 && place < size)
    move(from: place + 1, to: place)
    used.pointee -= 1
  }

  /// Moves the entries from a place on, by one place.
  private func move(from source: Int, to target: Int) {
    let count = size - source
    // Most come at the end.
    guard count > 0 else { return }
    (owners + target).update(from: owners + source, count: count)
    (positions + target).update(from: positions + source, count: count)
    (values + target).update(from: values + source, count: count)
  }

  /// Moves the entries from a place on to a node that has none.
  func move(from place: Int, to other: NodeReference) {
    precondition(place >= 0 && place <= size && other.size == 0)
    let count = size - place
    other.owners.update(from: owners + place, count: count)
    other.positions.update(from: positions + place, count: count)
    other.values.update(from: values + place, count: count)
    other.used.pointee = UInt32(count)
    used.pointee = UInt32(place)
  }
}
