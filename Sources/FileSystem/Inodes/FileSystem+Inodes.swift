/// Going from numbers to inodes, and freeing these.
extension FileSystem where Store: ~Copyable {
  /// The handle of an inode in use.
  func live(_ number: InodeNumber) throws(FileSystemError) -> UInt32 {
    let handle = number.handle
    guard inodes.contains(handle) else { throw .stale }
    return handle
  }

  /// The same, of a directory.
  func directory(_ number: InodeNumber) throws(FileSystemError) -> UInt32 {
    let handle = try live(number)
    guard inodes[handle].mode.isDirectory else { throw .notDirectory }
    return handle
  }

  /// The same, of a directory that has not been removed: its parent is known.
  func namedDirectory(_ number: InodeNumber) throws(FileSystemError) -> UInt32 {
    let handle = try directory(number)
    guard inodes[handle].links > 0 else { throw .noEntry }
    return handle
  }

  /// The same, of a regular file; a directory is `EISDIR` and anything else `EINVAL`, as for read(2) and write(2).
  func regular(_ number: InodeNumber) throws(FileSystemError) -> UInt32 {
    let handle = try live(number)
    if inodes[handle].mode.isDirectory { throw .isDirectory }
    guard inodes[handle].mode.isRegular else { throw .invalid }
    return handle
  }

  // MARK: References

  /// Counts a lookup of an inode, which the kernel is told of.
  func entry(_ handle: UInt32) -> Entry {
    inodes.lookUp(handle)
    return Entry(attributes: describe(handle))
  }

  /// Takes back lookups: the kernel forgets them, or was never told of them.
  public func forget(_ number: InodeNumber, count: UInt64) {
    let handle = number.handle
    if inodes.contains(handle), inodes.forget(handle, count: count) { free(handle) }
  }

  /// Follows the removal of an inode's entry from a directory.
  func unlink(_ handle: UInt32, from directory: UInt32) {
    inodes[handle].changed = now()
    if inodes.unlink(handle, from: directory) { free(handle) }
  }

  /// Frees an unreachable inode and all that it has.
  private func free(_ handle: UInt32) {
    releaseBlocks(of: handle, 0..<UInt64.max)
    removeAttributes(of: handle)
    blobs.remove(inodes[handle].target)
    inodes.remove(handle)
  }

  // MARK: Attributes

  /// What stat(2) tells of an inode in use.
  public func attributes(of number: InodeNumber) throws(FileSystemError) -> Attributes { describe(try live(number)) }

  func describe(_ handle: UInt32) -> Attributes {
    let inode = inodes[handle]
    return Attributes(
      inode: InodeNumber(handle: handle), generation: UInt64(inode.generation), mode: inode.mode, links: inode.links, uid: inode.uid,
      gid: inode.gid, device: inode.device, size: inode.mode.isDirectory ? (UInt64(inode.entries) + 2) * 20 : inode.size,
      blocks: inode.frames * 8, accessed: inode.accessed, modified: inode.modified, changed: inode.changed, born: inode.born)
  }
}
