/// POSIX ACLs: extended attributes that are kept in step with the permission bits.
extension FileSystem where Store: ~Copyable {
  func accessList(of handle: UInt32, _ kind: AccessList.Kind) throws(FileSystemError) -> AccessList? {
    guard let found = find(kind.attribute, of: handle) else { return nil }
    return AccessList(blobs.bytes(of: found.value))
  }

  func setAccessList(_ kind: AccessList.Kind, of handle: UInt32, to value: [UInt8], by caller: Caller) throws(FileSystemError) {
    guard let list = AccessList(value) else { throw .invalid }
    if list.isEmpty { return removeAccessList(kind, of: handle) }
    let mode = inodes[handle].mode
    if kind == .defaults, !mode.isDirectory { throw .accessDenied }
    try store(list, as: kind, of: handle)
    if kind == .access {
      var permissions = mode.permissions & ~0o777 | list.permissions
      // Only a member of the group, or root, sets that bit (`posix_acl_update_mode`, fs/posix_acl.c).
      if !caller.isPrivileged, !caller.isMember(of: inodes[handle].gid) { permissions &= ~FileMode.setGroup }
      inodes[handle].mode = FileMode(mode.type | permissions)
    }
    inodes[handle].changed = now()
  }

  func removeAccessList(_ kind: AccessList.Kind, of handle: UInt32) {
    guard let found = find(kind.attribute, of: handle) else { return }
    drop(found)
    inodes[handle].changed = now()
  }

  /// Keeps a list, unless the permission bits say the same.
  func store(_ list: AccessList, as kind: AccessList.Kind, of handle: UInt32) throws(FileSystemError) {
    if kind == .access, list.isMode {
      if let found = find(kind.attribute, of: handle) { drop(found) }
    } else {
      try put(kind.attribute, list.bytes, on: handle)
    }
  }

  // MARK: New files

  /// What a new file gets from its directory's default ACL.
  struct Inheritance {
    var mode: FileMode
    var access: AccessList?
    /// The default ACL that a directory passes on.
    var defaults: AccessList?
    /// What they take.
    var room = BlobRoom()
  }

  /// The mode and the ACLs of a new file. Without a default ACL the umask counts (`posix_acl_create`, fs/posix_acl.c).
  func inheritance(_ mode: FileMode, from directory: UInt32, by caller: Caller) throws(FileSystemError) -> Inheritance {
    if mode.isLink { return Inheritance(mode: mode) }
    guard let defaults = try accessList(of: directory, .defaults) else {
      return Inheritance(mode: FileMode(mode.rawValue & ~(caller.umask & 0o777)))
    }
    var list = defaults
    let permissions = list.mask(with: mode.permissions)
    var inheritance = Inheritance(mode: FileMode(mode.type | permissions))
    if !list.isMode {
      inheritance.access = list
      inheritance.room.add(AccessList.Kind.access.attribute, list.bytes)
    }
    if mode.isDirectory {
      inheritance.defaults = defaults
      inheritance.room.add(AccessList.Kind.defaults.attribute, defaults.bytes)
    }
    try attributes.reserve(inheritance.room)
    return inheritance
  }
}
