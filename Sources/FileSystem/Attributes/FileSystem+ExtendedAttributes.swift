import Platform

/// Extended attributes, as files have them: a name and a value, each a blob.
extension FileSystem where Store: ~Copyable {
  /// XATTR_SIZE_MAX (linux/limits.h).
  static var mostAttributeBytes: Int { 65536 }

  /// An attribute's value; `noAttribute` if it is not there.
  public func attribute(_ name: AttributeName, of number: InodeNumber) throws(FileSystemError) -> [UInt8] {
    let handle = try live(number)
    guard let found = find(name, of: handle) else { throw .noAttribute }
    return blobs.bytes(of: found.value)
  }

  /// The names of all attributes, each with a NUL after it; those in `trusted.` only for a privileged caller.
  public func attributeNames(of number: InodeNumber, for caller: Caller) throws(FileSystemError) -> [UInt8] {
    let handle = try live(number)
    var names: [UInt8] = []
    var next = firstAttribute(of: handle)
    while let attribute = next {
      let name = blobs.bytes(of: attribute.name)
      if caller.isPrivileged || !name.starts(with: "trusted.") {
        names.append(contentsOf: name)
        names.append(0)
      }
      next = firstAttribute(of: handle, after: attribute.key.position)
    }
    return names
  }

  /// Sets an attribute; an ACL is checked, and an access ACL changes the permission bits.
  public func setAttribute(
    _ name: AttributeName, of number: InodeNumber, to value: [UInt8], _ flags: SetAttributeFlags, by caller: Caller
  ) throws(FileSystemError) {
    let handle = try live(number)
    try checkChange(of: handle)
    guard value.count <= Self.mostAttributeBytes else { throw .attributeTooLarge }
    if case .accessList(let kind) = name.space { return try setAccessList(kind, of: handle, to: value, by: caller) }
    let isThere = find(name, of: handle) != nil
    if flags.contains(.create), isThere { throw .exists }
    if flags.contains(.replace), !isThere { throw .noAttribute }
    try put(name, value, on: handle)
    inodes[handle].changed = now()
  }

  public func removeAttribute(_ name: AttributeName, of number: InodeNumber) throws(FileSystemError) {
    let handle = try live(number)
    try checkChange(of: handle)
    if case .accessList(let kind) = name.space { return removeAccessList(kind, of: handle) }
    guard let found = find(name, of: handle) else { throw .noAttribute }
    drop(found)
    inodes[handle].changed = now()
  }

  // MARK: The map

  @inline(never)
  func find(_ name: AttributeName, of handle: UInt32) -> NamedEntry? {
    inodes[handle].hasAttributes ? attributes.find(name.bytes, of: handle) : nil
  }

  private func firstAttribute(of handle: UInt32, after position: UInt64 = 0) -> NamedEntry? {
    inodes[handle].hasAttributes ? attributes.next(of: handle, after: position) : nil
  }

  /// Adds an attribute or changes its value; it fails whole or succeeds whole.
  func put(_ name: AttributeName, _ value: [UInt8], on handle: UInt32) throws(FileSystemError) {
    var room = BlobRoom()
    room.add(name, value)
    try attributes.reserve(room)
    try putReserved(name, value, on: handle)
  }

  /// The same, once there is room.
  func putReserved(_ name: AttributeName, _ value: [UInt8], on handle: UInt32) throws(FileSystemError) {
    if let old = find(name, of: handle) {
      let new = blobs.store(value)
      attributes.update(old, to: new.rawValue)
      blobs.remove(old.value)
      return
    }
    let key = try attributes.freeKey(for: name.bytes, of: handle)
    attributes.add(name.bytes, blobs.store(value).rawValue, at: key)
    inodes[handle].hasAttributes = true
  }

  func drop(_ attribute: NamedEntry) {
    attributes.remove(attribute)
    blobs.remove(attribute.value)
    let handle = attribute.key.owner
    inodes[handle].hasAttributes = firstAttribute(of: handle) != nil
  }

  /// Removes all attributes of an inode that goes.
  func removeAttributes(of handle: UInt32) {
    while let attribute = firstAttribute(of: handle) { drop(attribute) }
  }

  func removeCapability(of handle: UInt32) {
    if let found = find(.capability, of: handle) { drop(found) }
  }
}

extension BlobRoom {
  /// Counts an attribute's name and value.
  mutating func add(_ name: AttributeName, _ value: [UInt8]) {
    add(name.bytes.count)
    add(value.count)
  }
}
