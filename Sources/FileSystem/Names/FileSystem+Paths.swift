import Platform

/// Names of files, for messages: nothing else needs to go from an inode to its name.
extension FileSystem where Store: ~Copyable {
  /// A path of a file from the file system's root on, the first found where it has several; nil for one that has no name any more. A
  /// file's entry does not tell where it is, so all are looked at.
  public func path(of number: InodeNumber) -> [UInt8]? {
    var handle = number.handle
    var path: [UInt8] = []
    while handle != InodeNumber.root.handle {
      guard let entry = entry(naming: handle) else { return nil }
      path = [UInt8(ascii: "/")] + blobs.bytes(of: entry.name) + path
      handle = entry.key.owner
    }
    return path.isEmpty ? [UInt8(ascii: "/")] : path
  }

  private func entry(naming handle: UInt32) -> NamedEntry? {
    // A directory has one name, and knows in which directory.
    let owner = inodes[handle].mode.isDirectory ? inodes[handle].parent : nil
    var key = MapKey(owner: owner ?? 0, position: 0)
    while let entry = entries.first(from: key), owner.map({ entry.key.owner == $0 }) ?? true {
      if entry.child == handle { return entry }
      key = MapKey(owner: entry.key.owner, position: entry.key.position + 1)
    }
    return nil
  }
}
