import Platform

/// Listing directories.
extension FileSystem where Store: ~Copyable {
  /// An entry as readdir(3) has it.
  public struct Listed {
    public let name: [UInt8]
    public let inode: InodeNumber
    public let mode: FileMode
    /// What readdir goes on from after this entry.
    public let position: UInt64
    /// '.' or '..', which the kernel takes no reference to.
    public let isDots: Bool
  }

  /// The positions of '.' and '..'; those of all others are higher.
  private var dot: UInt64 { 1 }
  private var dotDot: UInt64 { 2 }

  /// Hands the entries of a directory after a position to `body`, until that returns false.
  ///
  /// An entry that is there all the time is listed exactly once, whatever others come and go, since positions don't change.
  public func list(_ number: InodeNumber, after position: UInt64, _ body: (Listed) -> Bool) throws(FileSystemError) {
    // One that has been removed has not even '.' and '..' (`iterate_dir`, fs/readdir.c).
    let directory = try namedDirectory(number)
    if position == 0 || countsEachRead { noteAccess(directory) }
    if position < dot, !body(dots(".", directory, at: dot)) { return }
    if position < dotDot, !body(dots("..", inodes[directory].parent, at: dotDot)) { return }
    var following = entries.next(of: directory, after: max(position, dotDot))
    while let entry = following {
      let listed = Listed(
        name: blobs.bytes(of: entry.name), inode: InodeNumber(handle: entry.child), mode: inodes[entry.child].mode,
        position: entry.key.position, isDots: false)
      guard body(listed) else { return }
      following = entries.next(of: directory, after: entry.key.position)
    }
  }

  private func dots(_ name: Literal, _ handle: UInt32, at position: UInt64) -> Listed {
    let bytes = [UInt8](repeating: UInt8(ascii: "."), count: name.count)
    return Listed(name: bytes, inode: InodeNumber(handle: handle), mode: inodes[handle].mode, position: position, isDots: true)
  }

  /// Tells the kernel of an entry that `list` gave, which from now on it has one more reference to.
  public func reference(_ listed: Listed) -> Entry { entry(listed.inode.handle) }
}
