import Platform

/// An entry of a `NameTable`: a directory entry, or an extended attribute.
struct NamedEntry {
  /// Its owner and its position there.
  let key: MapKey
  private let number: UInt32
  let name: BlobHandle

  init(_ entry: MapEntry) {
    key = entry.key
    number = UInt32(truncatingIfNeeded: entry.value)
    name = BlobHandle(rawValue: UInt32(truncatingIfNeeded: entry.value >> 32))
  }

  /// The inode of a directory entry.
  var child: UInt32 { number }
  /// The value of an extended attribute.
  var value: BlobHandle { BlobHandle(rawValue: number) }

  static func value(_ number: UInt32, _ name: BlobHandle) -> UInt64 { UInt64(number) | UInt64(name.rawValue) << 32 }
}

/// Names and a number for each: the entries of all directories, or the extended attributes of all files.
///
/// A name's position in its owner is a hash of it, followed by a number that tells equal hashes apart. Entries that come and go
/// don't change the positions of others, so a listing can go on from one.
final class NameTable {
  private let map: OrderedMap
  let blobs: Blobs
  private let hashSeed: UInt64

  private var hashBits: Int { 46 }
  private var numberBits: UInt64 { 16 }
  /// Positions are above those of '.' and '..', and positive as `off_t`.
  private var base: UInt64 { 1 << 62 }

  /// - Parameter hashSeed: makes the order of names unforeseeable.
  init(capacity: Int, budget: MemoryBudget, blobs: Blobs, hashSeed: UInt64) {
    map = OrderedMap(nodes: capacity, budget: budget)
    self.blobs = blobs
    self.hashSeed = hashSeed
  }

  // MARK: Looking

  private func firstPosition(_ name: [UInt8]) -> UInt64 {
    base | FileName.hash(name, seed: hashSeed, bits: hashBits) << numberBits
  }

  /// The entry of an owner with a name.
  func find(_ name: [UInt8], of owner: UInt32) -> NamedEntry? {
    let start = firstPosition(name)
    var position = start - 1
    while let entry = next(of: owner, after: position), entry.key.position >> numberBits == start >> numberBits {
      if blobs.isEqual(entry.name, to: name) { return entry }
      position = entry.key.position
    }
    return nil
  }

  /// The first entry of an owner after a position.
  @inline(never)
  func next(of owner: UInt32, after position: UInt64) -> NamedEntry? {
    guard position < UInt64.max, let entry = first(from: MapKey(owner: owner, position: position + 1)), entry.key.owner == owner
    else { return nil }
    return entry
  }

  /// The first entry of any owner at or after a key.
  func first(from key: MapKey) -> NamedEntry? { map.first(from: key).map(NamedEntry.init) }

  // MARK: Changing

  /// Makes sure that two entries can be added, and the blobs of `room` stored.
  func reserve(_ room: BlobRoom) throws(FileSystemError) {
    try map.reserve(2)
    try blobs.reserve(room)
  }

  /// A key for a new name; `noSpace` if all positions of its hash are taken.
  @inline(never)
  func freeKey(for name: [UInt8], of owner: UInt32) throws(FileSystemError) -> MapKey {
    var key = MapKey(owner: owner, position: firstPosition(name))
    let end = key.position | ((1 << numberBits) - 1)
    while map[key] != nil {
      guard key.position < end else { throw .noSpace }
      key.position += 1
    }
    return key
  }

  /// Adds an entry at a free key, after `reserve`.
  func add(_ name: [UInt8], _ number: UInt32, at key: MapKey) { map.insert(key, NamedEntry.value(number, blobs.store(name))) }

  /// Gives an entry another number.
  func update(_ entry: NamedEntry, to number: UInt32) { map.update(entry.key, to: NamedEntry.value(number, entry.name)) }

  /// Removes an entry and its name.
  func remove(_ entry: NamedEntry) {
    map.remove(entry.key)
    blobs.remove(entry.name)
  }

  var mapForTests: OrderedMap { map }
}
