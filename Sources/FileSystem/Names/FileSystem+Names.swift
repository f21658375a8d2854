import CPlatform

/// Requests about names: looking up, making, linking, removing.
extension FileSystem where Store: ~Copyable {
  /// Finds a name; '.' and '..' are found as well, which file handles need.
  public func lookUp(_ name: FileName, in parent: InodeNumber) throws(FileSystemError) -> Entry {
    if name.isDot { return entry(try live(parent)) }
    if name.isDotDot { return entry(inodes[try namedDirectory(parent)].parent) }
    let directory = try self.directory(parent)
    return entry(try required(name, in: directory).child)
  }

  /// Makes a file, FIFO, socket or device node.
  public func makeNode(
    _ name: FileName, in parent: InodeNumber, mode: FileMode, device: UInt32, by caller: Caller
  ) throws(FileSystemError) -> Entry {
    let handle = try make(name, in: parent, mode: mode, by: caller, target: [])
    inodes[handle].device = device
    return entry(handle)
  }

  public func makeDirectory(
    _ name: FileName, in parent: InodeNumber, permissions: UInt32, by caller: Caller
  ) throws(FileSystemError) -> Entry {
    let mode = FileMode(FileMode.directory | permissions & 0o7777)
    return entry(try make(name, in: parent, mode: mode, by: caller, target: []))
  }

  /// Makes a symlink to `target`, which has at most 4095 bytes (PATH_MAX).
  public func makeLink(
    _ name: FileName, in parent: InodeNumber, target: [UInt8], by caller: Caller
  ) throws(FileSystemError) -> Entry {
    guard !target.isEmpty else { throw .noEntry }
    guard target.count < 4096 else { throw .nameTooLong }
    return entry(try make(name, in: parent, mode: FileMode(FileMode.link | 0o777), by: caller, target: target))
  }

  /// Makes a regular file that has no name yet (O_TMPFILE).
  public func makeUnnamed(
    in parent: InodeNumber, permissions: UInt32, by caller: Caller
  ) throws(FileSystemError) -> Entry {
    let directory = try self.directory(parent)
    try checkAddition(to: directory)
    let mode = FileMode(FileMode.regular | permissions & 0o7777)
    try inodes.reserve()
    let inheritance = try inheritance(mode, from: directory, by: caller)
    return entry(try add(inheritance, to: directory, by: caller))
  }

  private func make(
    _ name: FileName, in parent: InodeNumber, mode: FileMode, by caller: Caller, target: [UInt8]
  ) throws(FileSystemError) -> UInt32 {
    let directory = try namedDirectory(parent)
    guard find(name, in: directory) == nil else { throw .exists }
    try checkAddition(to: directory)
    try inodes.reserve()
    let inheritance = try inheritance(mode, from: directory, by: caller)
    var room = inheritance.room
    room.add(target.count)
    let key = try reserveEntry(name, in: directory, room)
    let handle = try add(inheritance, to: directory, by: caller)
    addEntry(name, at: key, child: handle)
    inodes.link(handle, in: directory)
    inodes[handle].target = blobs.store(target)
    inodes[handle].size = UInt64(target.count)
    return handle
  }

  /// Adds an inode with what it gets from its directory, for all of which there is room.
  private func add(_ inheritance: Inheritance, to directory: UInt32, by caller: Caller) throws(FileSystemError) -> UInt32 {
    let mode = inherited(inheritance.mode, from: directory, by: caller)
    let flags = inodes[directory].flags.intersection(.inherited)
    let handle = inodes.add(mode: mode, uid: caller.uid, gid: group(in: directory, caller), flags: flags, at: now())
    // Nothing is reserved here: after the first list's split of a node that could fail, with the inode in the table for good.
    if let list = inheritance.access { try putReserved(AccessList.Kind.access.attribute, list.bytes, on: handle) }
    if let list = inheritance.defaults { try putReserved(AccessList.Kind.defaults.attribute, list.bytes, on: handle) }
    return handle
  }

  /// In a set-group-ID directory a new file has the directory's group, and a new directory that bit as well
  /// (`inode_init_owner`, fs/inode.c).
  func group(in directory: UInt32, _ caller: Caller) -> UInt32 {
    inodes[directory].mode.rawValue & FileMode.setGroup != 0 ? inodes[directory].gid : caller.gid
  }

  private func inherited(_ mode: FileMode, from directory: UInt32, by caller: Caller) -> FileMode {
    guard inodes[directory].mode.rawValue & FileMode.setGroup != 0 else { return mode }
    if mode.isDirectory { return FileMode(mode.rawValue | FileMode.setGroup) }
    let isProgram = mode.rawValue & FileMode.groupExecute != 0
    if isProgram, !caller.isPrivileged, !caller.isMember(of: inodes[directory].gid) {
      return FileMode(mode.rawValue & ~FileMode.setGroup)
    }
    return mode
  }

  public func readLink(_ number: InodeNumber) throws(FileSystemError) -> [UInt8] {
    let handle = try live(number)
    guard inodes[handle].mode.isLink else { throw .invalid }
    noteAccess(handle)
    return blobs.bytes(of: inodes[handle].target)
  }

  /// Gives a file one more name.
  public func link(_ number: InodeNumber, as name: FileName, in parent: InodeNumber) throws(FileSystemError) -> Entry {
    let handle = try live(number)
    let directory = try namedDirectory(parent)
    guard !inodes[handle].mode.isDirectory else { throw .notPermitted }
    guard find(name, in: directory) == nil else { throw .exists }
    try checkAddition(to: directory)
    try checkChange(of: handle)
    // A file's first link was counted with its inode.
    if inodes[handle].links > 0 { try inodes.checkLimit() }
    addEntry(name, at: try reserveEntry(name, in: directory), child: handle)
    inodes.link(handle, in: directory)
    inodes[handle].changed = now()
    return entry(handle)
  }

  public func unlink(_ name: FileName, in parent: InodeNumber) throws(FileSystemError) {
    let directory = try self.directory(parent)
    let found = try required(name, in: directory)
    try checkRemoval(of: found.child, from: directory)
    guard !inodes[found.child].mode.isDirectory else { throw .isDirectory }
    removeEntry(found)
    unlink(found.child, from: directory)
  }

  public func removeDirectory(_ name: FileName, in parent: InodeNumber) throws(FileSystemError) {
    let directory = try self.directory(parent)
    let found = try required(name, in: directory)
    try checkRemoval(of: found.child, from: directory)
    guard inodes[found.child].mode.isDirectory else { throw .notDirectory }
    guard inodes[found.child].entries == 0 else { throw .notEmpty }
    removeEntry(found)
    unlink(found.child, from: directory)
  }
}
