import Platform

/// What has a name: a directory's entry, a file's extended attribute.
struct NamedEntry {
  let key: MapKey
  /// The entry's inode, or the handle of the attribute's value.
  private let number: UInt32
  let name: BlobHandle

  init(_ entry: MapEntry) {
    key = entry.key
    number = UInt32(truncatingIfNeeded: entry.value)
    name = BlobHandle(rawValue: UInt32(truncatingIfNeeded: entry.value >> 32))
  }

  var child: UInt32 { number }
  var value: BlobHandle { BlobHandle(rawValue: number) }

  static func value(_ number: UInt32, _ name: BlobHandle) -> UInt64 { UInt64(number) | UInt64(name.rawValue) << 32 }
}

/// Finding names and places for them.
///
/// A name's position is a hash of it and a number that tells equal hashes apart, so that a directory is listed in an order
/// which entries that come and go don't change.
extension FileSystem where Store: ~Copyable {
  private var hashBits: Int { 46 }
  private var numberBits: UInt64 { 16 }
  /// Positions are above those of '.' and '..', and positive as `off_t`.
  private var base: UInt64 { 1 << 62 }

  private func firstPosition(_ name: [UInt8]) -> UInt64 {
    base | FileName.hash(name, seed: limits.hashSeed, bits: hashBits) << numberBits
  }

  /// The entry with a name.
  @inline(never)
  func find(_ name: [UInt8], of owner: UInt32, in map: OrderedMap) -> NamedEntry? {
    let start = firstPosition(name)
    var position = start - 1
    while let entry = next(of: owner, after: position, in: map), entry.key.position >> numberBits == start >> numberBits {
      if blobs.isEqual(entry.name, to: name) { return entry }
      position = entry.key.position
    }
    return nil
  }

  /// Where an entry with a name goes.
  @inline(never)
  func freePosition(for name: [UInt8], of owner: UInt32, in map: OrderedMap) throws(FileSystemError) -> UInt64 {
    var position = firstPosition(name)
    let end = position | ((1 << numberBits) - 1)
    while map[MapKey(owner: owner, position: position)] != nil {
      guard position < end else { throw .noSpace }
      position += 1
    }
    return position
  }

  /// The first entry after a position.
  @inline(never)
  func next(of owner: UInt32, after position: UInt64, in map: OrderedMap) -> NamedEntry? {
    guard position < UInt64.max, let entry = map.first(from: MapKey(owner: owner, position: position + 1)), entry.key.owner == owner
    else { return nil }
    return NamedEntry(entry)
  }
}
