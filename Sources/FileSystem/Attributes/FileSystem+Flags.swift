/// The flags that chattr(1) sets, and the operations that they forbid.
///
/// A tmpfs has all of it checked by the kernel (`inode_permission`, `may_delete`, `vfs_link`, `may_open` in fs/namei.c, `may_setattr` in
/// fs/attr.c, `xattr_permission` in fs/xattr.c, `vfs_fallocate`), which knows nothing of the flags of a file that is reached through
/// FUSE. Who may set them it does check (`vfs_fileattr_set`, fs/file_attr.c).
extension FileSystem where Store: ~Copyable {
  public func flags(of number: InodeNumber) throws(FileSystemError) -> FileFlags { inodes[try live(number)].flags }

  public func setFlags(of number: InodeNumber, to flags: FileFlags) throws(FileSystemError) {
    let handle = try live(number)
    inodes[handle].flags = flags
    inodes[handle].changed = now()
    // The kernel goes on with the old time unless it is told.
    changedUnseen = number
  }

  private func has(_ flags: FileFlags, _ handle: UInt32) -> Bool { !inodes[handle].flags.isDisjoint(with: flags) }

  /// Makes sure that a file's attributes may be changed, and that it may get a name.
  func checkChange(of handle: UInt32) throws(FileSystemError) {
    if has(.fixing, handle) { throw .notPermitted }
  }

  /// Makes sure that a name may be added to a directory.
  func checkAddition(to directory: UInt32) throws(FileSystemError) {
    if has(.immutable, directory) { throw .notPermitted }
  }

  /// Makes sure that a name of a file may be taken from a directory.
  func checkRemoval(of child: UInt32, from directory: UInt32) throws(FileSystemError) {
    try checkChange(of: directory)
    try checkChange(of: child)
  }

  /// Makes sure that a file may be opened in this way.
  func checkOpen(_ handle: UInt32, for access: OpenAccess) throws(FileSystemError) {
    guard !access.isDisjoint(with: [.writing, .truncating]) else { return }
    if has(.immutable, handle) { throw .notPermitted }
    if has(.append, handle), access.contains(.truncating) || !access.contains(.appending) { throw .notPermitted }
  }

  /// Makes sure that attributes may be changed in this way.
  func check(_ change: AttributeChange, of handle: UInt32, isOpen: Bool) throws(FileSystemError) {
    guard has(.fixing, handle) else { return }
    if change.permissions != nil || change.uid != nil || change.gid != nil { throw .notPermitted }
    if change.size != nil {
      // A descriptor from before the file became immutable may still cut it, as it may still write to it.
      guard isOpen, !has(.append, handle) else { throw .notPermitted }
    } else if change.accessed != nil || change.modified != nil {
      // A write sets both times to the present, too.
      guard change.isTouch, !has(.immutable, handle) else { throw .notPermitted }
    }
  }

  /// Makes sure that blocks may be reserved, or taken away.
  func checkAllocation(_ handle: UInt32, _ mode: AllocateMode) throws(FileSystemError) {
    if has(.immutable, handle) { throw .notPermitted }
    if has(.append, handle), !mode.isSubset(of: .keepSize) { throw .notPermitted }
  }
}
