import Platform

/// Directory entries: finding, adding and removing them, whatever they name.
///
/// An entry's position is a hash of its name and a number that tells equal hashes apart, so that a directory is listed in an
/// order which entries that come and go don't change.
extension FileSystem where Store: ~Copyable {
  private var hashBits: Int { 46 }
  private var numberBits: UInt64 { 16 }
  /// Positions are above those of '.' and '..', and positive as `off_t`.
  private var base: UInt64 { 1 << 62 }

  private func firstPosition(_ name: FileName) -> UInt64 {
    base | FileName.hash(name.bytes, seed: limits.hashSeed, bits: hashBits) << numberBits
  }

  /// An entry as the map has it: the child's place in the inode table and the name.
  struct DirectoryEntry {
    let key: MapKey
    let child: UInt32
    let name: BlobHandle

    init(_ entry: MapEntry) {
      key = entry.key
      child = UInt32(truncatingIfNeeded: entry.value)
      name = BlobHandle(rawValue: UInt32(truncatingIfNeeded: entry.value >> 32))
    }
  }

  /// The entry of a directory with a name.
  func find(_ name: FileName, in directory: UInt32) -> DirectoryEntry? {
    let start = firstPosition(name)
    var next = entries.first(from: MapKey(owner: directory, position: start))
    while let entry = next, entry.key.owner == directory, entry.key.position >> numberBits == start >> numberBits {
      let found = DirectoryEntry(entry)
      if blobs.isEqual(found.name, to: name.bytes) { return found }
      next = entries.first(from: MapKey(owner: directory, position: entry.key.position + 1))
    }
    return nil
  }

  /// The same, which must be there.
  func required(_ name: FileName, in directory: UInt32) throws(FileSystemError) -> DirectoryEntry {
    guard let entry = find(name, in: directory) else { throw .noEntry }
    return entry
  }

  /// Makes sure that an entry with a name can be added, and blobs of other sizes besides.
  func reserveEntry(_ name: FileName, others: [Int] = []) throws(FileSystemError) {
    try entries.reserve(2)
    try blobs.reserve(others + [name.bytes.count])
  }

  /// Adds an entry, for which there is room and whose name is not there, at a free position. Counts of links are the caller's.
  func addEntry(_ name: FileName, at position: UInt64, in directory: UInt32, child: UInt32) {
    let blob = blobs.store(name.bytes)
    entries.insert(MapKey(owner: directory, position: position), UInt64(child) | UInt64(blob.rawValue) << 32)
    inodes[directory].entries += 1
    touch(directory)
  }

  /// Where an entry with a name goes.
  func freePosition(for name: FileName, in directory: UInt32) throws(FileSystemError) -> UInt64 {
    var position = firstPosition(name)
    let end = position | ((1 << numberBits) - 1)
    while entries[MapKey(owner: directory, position: position)] != nil {
      guard position < end else { throw .noSpace }
      position += 1
    }
    return position
  }

  /// Removes an entry. Counts of links are the caller's.
  func removeEntry(_ entry: DirectoryEntry) {
    entries.remove(entry.key)
    blobs.remove(entry.name)
    inodes[entry.key.owner].entries -= 1
    touch(entry.key.owner)
  }

  /// Makes an entry name another inode.
  func redirect(_ entry: DirectoryEntry, to child: UInt32) {
    entries.update(entry.key, to: UInt64(child) | UInt64(entry.name.rawValue) << 32)
    touch(entry.key.owner)
  }

  /// A directory's own times change with its entries.
  private func touch(_ directory: UInt32) {
    let time = now()
    inodes[directory].modified = time
    inodes[directory].changed = time
  }

  /// The first entry of a directory after a position.
  func entry(of directory: UInt32, after position: UInt64) -> DirectoryEntry? {
    guard position < UInt64.max, let entry = entries.first(from: MapKey(owner: directory, position: position + 1)),
      entry.key.owner == directory
    else { return nil }
    return DirectoryEntry(entry)
  }
}
