import Platform

/// Directory entries, and the counts and times of a directory that change with them. Links are the caller's.
extension FileSystem where Store: ~Copyable {
  func find(_ name: FileName, in directory: UInt32) -> NamedEntry? { entries.find(name.bytes, of: directory) }

  /// The same, which must be there.
  func required(_ name: FileName, in directory: UInt32) throws(FileSystemError) -> NamedEntry {
    guard let entry = find(name, in: directory) else { throw .noEntry }
    return entry
  }

  /// Makes sure that an entry with a name can be added, and other blobs stored. Returns the entry's key.
  func reserveEntry(_ name: FileName, in directory: UInt32, _ others: BlobRoom = BlobRoom()) throws(FileSystemError) -> MapKey {
    var room = others
    room.add(name.bytes.count)
    try entries.reserve(room)
    return try entries.freeKey(for: name.bytes, of: directory)
  }

  /// Adds an entry, after `reserveEntry`.
  func addEntry(_ name: FileName, at key: MapKey, child: UInt32) {
    entries.add(name.bytes, child, at: key)
    inodes[key.owner].entries += 1
    touch(key.owner)
  }

  func removeEntry(_ entry: NamedEntry) {
    entries.remove(entry)
    inodes[entry.key.owner].entries -= 1
    touch(entry.key.owner)
  }

  /// Makes an entry name another inode.
  func redirect(_ entry: NamedEntry, to child: UInt32) {
    entries.update(entry, to: child)
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
