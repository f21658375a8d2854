import CPlatform
import Platform

/// Changing attributes, and what changes by itself: times, and bits that a write takes away.
extension FileSystem where Store: ~Copyable {
  /// Changes what `change` names. The kernel has checked that the caller may.
  ///
  /// - Parameter isOpen: it comes from ftruncate(2) or an open with O_TRUNC, which set the times even where the size stays.
  public func setAttributes(
    of number: InodeNumber, to change: AttributeChange, by caller: Caller, isOpen: Bool = false
  ) throws(FileSystemError) -> Attributes {
    let handle = try live(number)
    try check(change, of: handle, isOpen: isOpen)
    // What can fail for want of memory comes before the first change.
    if change.permissions != nil, let list = try accessList(of: handle, .access) {
      var room = BlobRoom()
      room.add(AccessList.Kind.access.attribute, list.bytes)
      try attributes.reserve(room)
    }
    if let size = change.size { try resize(handle, to: size, by: caller, touching: isOpen) }
    let time = now()
    if let permissions = change.permissions { try setPermissions(of: handle, to: permissions) }
    // With a size or an owner the kernel sends what it leaves of the mode; of set-group-ID it leaves more than is right.
    let isOwnerChange = (change.uid != nil || change.gid != nil) && !inodes[handle].mode.isDirectory
    if change.size != nil || isOwnerChange { takePrivileges(from: handle, for: caller) }
    if let uid = change.uid { inodes[handle].uid = uid }
    if let gid = change.gid { inodes[handle].gid = gid }
    if let accessed = change.accessed { inodes[handle].accessed = Self.time(accessed, time) }
    if let modified = change.modified { inodes[handle].modified = Self.time(modified, time) }
    if change.size == nil || change.changesMoreThanSize { inodes[handle].changed = time }
    return describe(handle)
  }

  private static func time(_ new: AttributeChange.NewTime, _ now: Time) -> Time {
    switch new {
    case .now: return now
    case .time(let time): return time
    }
  }

  private func resize(_ handle: UInt32, to size: UInt64, by caller: Caller, touching: Bool) throws(FileSystemError) {
    if inodes[handle].mode.isDirectory { throw .isDirectory }
    guard inodes[handle].mode.isRegular else { throw .invalid }
    // A tmpfs takes the cutting of a file that has blocks for a change, whatever the size was (`shmem_setattr`, mm/shmem.c).
    let isChange = size != inodes[handle].size || inodes[handle].frames > 0
    try setSize(handle, to: size)
    if isChange || touching { noteChange(handle, by: caller) }
  }

  /// Sets the permission bits, and keeps an access ACL in step.
  private func setPermissions(of handle: UInt32, to permissions: UInt32) throws(FileSystemError) {
    if var list = try accessList(of: handle, .access) {
      list.setPermissions(permissions)
      try store(list, as: .access, of: handle)
    }
    inodes[handle].mode = FileMode(inodes[handle].mode.type | permissions & 0o7777)
  }

  // MARK: What happens by itself

  /// A file's data changed.
  ///
  /// - Parameter caller: nil for what a mapping was stored to, which takes nothing away.
  func noteChange(_ handle: UInt32, by caller: Caller?) {
    let time = now()
    inodes[handle].modified = time
    inodes[handle].changed = time
    if let caller { takePrivileges(from: handle, for: caller) }
  }

  /// File capabilities don't outlive a change, set-user-ID and set-group-ID none by somebody else than root
  /// (`file_remove_privs`, fs/inode.c). The kernel leaves that to the file system where it writes without its cache.
  private func takePrivileges(from handle: UInt32, for caller: Caller) {
    // That goes whoever it is (`cap_inode_need_killpriv`, security/commoncap.c).
    if inodes[handle].hasAttributes { removeCapability(of: handle) }
    guard !caller.isPrivileged else { return }
    let mode = inodes[handle].mode.rawValue
    var taken = mode & FileMode.setUser
    // Of a file that is no program only members of its group keep the bit (`setattr_should_drop_sgid`, fs/attr.c, since 6.2).
    if mode & FileMode.setGroup != 0, mode & FileMode.groupExecute != 0 || !caller.isMember(of: inodes[handle].gid) {
      taken |= FileMode.setGroup
    }
    guard taken != 0 else { return }
    inodes[handle].mode = FileMode(mode & ~taken)
    changedUnseen = InodeNumber(handle: handle)
  }

  /// A file was read, a directory listed or a symlink followed.
  func noteAccess(_ handle: UInt32) {
    if inodes[handle].flags.contains(.noAccessTime) { return }
    let time = now()
    let isDirectory = inodes[handle].mode.isDirectory
    let (accessed, modified, changed) = (inodes[handle].accessed, inodes[handle].modified, inodes[handle].changed)
    if accessTimes.changes(accessed, modified: modified, changed: changed, now: time, isDirectory: isDirectory) {
      inodes[handle].accessed = time
    }
  }
}
