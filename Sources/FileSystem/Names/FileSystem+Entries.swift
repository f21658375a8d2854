import Platform

/// Directory entries: finding, adding and removing them, whatever they name.
extension FileSystem where Store: ~Copyable {
  /// The entry of a directory with a name.
  func find(_ name: FileName, in directory: UInt32) -> NamedEntry? { find(name.bytes, of: directory, in: entries) }

  /// The same, which must be there.
  func required(_ name: FileName, in directory: UInt32) throws(FileSystemError) -> NamedEntry {
    guard let entry = find(name, in: directory) else { throw .noEntry }
    return entry
  }

  /// Makes sure that an entry with a name can be added, and blobs besides.
  func reserveEntry(_ name: FileName, _ others: BlobRoom = BlobRoom()) throws(FileSystemError) {
    var room = others
    room.add(name.bytes.count)
    try entries.reserve(2)
    try blobs.reserve(room)
  }

  /// Where an entry with a name goes.
  func freePosition(for name: FileName, in directory: UInt32) throws(FileSystemError) -> UInt64 {
    try freePosition(for: name.bytes, of: directory, in: entries)
  }

  /// Adds an entry, for which there is room and whose name is not there, at a free position. Counts of links are the caller's.
  func addEntry(_ name: FileName, at position: UInt64, in directory: UInt32, child: UInt32) {
    entries.insert(MapKey(owner: directory, position: position), NamedEntry.value(child, blobs.store(name.bytes)))
    inodes[directory].entries += 1
    touch(directory)
  }

  /// Removes an entry. Counts of links are the caller's.
  func removeEntry(_ entry: NamedEntry) {
    entries.remove(entry.key)
    blobs.remove(entry.name)
    inodes[entry.key.owner].entries -= 1
    touch(entry.key.owner)
  }

  /// Makes an entry name another inode.
  func redirect(_ entry: NamedEntry, to child: UInt32) {
    entries.update(entry.key, to: NamedEntry.value(child, entry.name))
    touch(entry.key.owner)
  }

  /// A directory's own times change with its entries.
  @inline(never)
  private func touch(_ directory: UInt32) {
    let time = now()
    inodes[directory].modified = time
    inodes[directory].changed = time
  }
}
