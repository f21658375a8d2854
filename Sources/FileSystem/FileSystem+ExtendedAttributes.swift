import Platform

/// Extended attributes, as files have them: a name and a value, each a blob.
extension FileSystem where Store: ~Copyable {
  /// XATTR_SIZE_MAX (linux/limits.h).
  static var mostAttributeBytes: Int { 65536 }

  /// An attribute as the map has it.
  struct StoredAttribute {
    let key: MapKey
    let name: BlobHandle
    let value: BlobHandle

    init(_ entry: MapEntry) {
      key = entry.key
      name = BlobHandle(rawValue: UInt32(truncatingIfNeeded: entry.value))
      value = BlobHandle(rawValue: UInt32(truncatingIfNeeded: entry.value >> 32))
    }

    var mapValue: UInt64 { Self.mapValue(name, value) }

    static func mapValue(_ name: BlobHandle, _ value: BlobHandle) -> UInt64 { UInt64(name.rawValue) | UInt64(value.rawValue) << 32 }
  }

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
    forEachAttribute(of: handle) { attribute in
      let name = blobs.bytes(of: attribute.name)
      let isHidden = AttributeName.isTrusted(name) && !caller.isPrivileged
      if !isHidden {
        names.append(contentsOf: name)
        names.append(0)
      }
      return true
    }
    return names
  }

  /// Sets an attribute; an ACL is checked, and an access ACL changes the permission bits.
  public func setAttribute(
    _ name: AttributeName, of number: InodeNumber, to value: [UInt8], _ flags: SetAttributeFlags, by caller: Caller
  ) throws(FileSystemError) {
    let handle = try live(number)
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
    if case .accessList(let kind) = name.space { return removeAccessList(kind, of: handle) }
    guard let found = find(name, of: handle) else { throw .noAttribute }
    drop(found)
    inodes[handle].changed = now()
  }

  // MARK: The map

  /// Names of one inode with equal hashes have positions one after the other, up to 65,536 of them.
  private var numberBits: UInt64 { 16 }

  private func firstPosition(_ name: AttributeName) -> UInt64 {
    FileName.hash(name.bytes, seed: limits.hashSeed, bits: 46) << numberBits
  }

  func find(_ name: AttributeName, of handle: UInt32) -> StoredAttribute? {
    guard inodes[handle].hasAttributes else { return nil }
    let start = firstPosition(name)
    var next = attributes.first(from: MapKey(owner: handle, position: start))
    while let entry = next, entry.key.owner == handle, entry.key.position >> numberBits == start >> numberBits {
      let found = StoredAttribute(entry)
      if blobs.isEqual(found.name, to: name.bytes) { return found }
      next = attributes.first(from: MapKey(owner: handle, position: entry.key.position + 1))
    }
    return nil
  }

  private func forEachAttribute(of handle: UInt32, _ body: (StoredAttribute) -> Bool) {
    guard inodes[handle].hasAttributes else { return }
    var next = attributes.first(from: MapKey(owner: handle, position: 0))
    while let entry = next, entry.key.owner == handle, body(StoredAttribute(entry)) {
      next = attributes.first(from: MapKey(owner: handle, position: entry.key.position + 1))
    }
  }

  /// Adds an attribute or changes its value; it fails whole or succeeds whole.
  func put(_ name: AttributeName, _ value: [UInt8], on handle: UInt32) throws(FileSystemError) {
    try reserveAttributes([name.bytes.count, value.count])
    try putReserved(name, value, on: handle)
  }

  /// The same, once there is room.
  func putReserved(_ name: AttributeName, _ value: [UInt8], on handle: UInt32) throws(FileSystemError) {
    if let old = find(name, of: handle) {
      let new = blobs.store(value)
      attributes.update(old.key, to: StoredAttribute.mapValue(old.name, new))
      blobs.remove(old.value)
      return
    }
    let position = try freePosition(for: name, of: handle)
    attributes.insert(MapKey(owner: handle, position: position), StoredAttribute.mapValue(blobs.store(name.bytes), blobs.store(value)))
    inodes[handle].hasAttributes = true
  }

  /// Makes sure that an attribute, or two, can be added whose names and values have these sizes.
  func reserveAttributes(_ sizes: [Int]) throws(FileSystemError) {
    try attributes.reserve(2)
    try blobs.reserve(sizes)
  }

  private func freePosition(for name: AttributeName, of handle: UInt32) throws(FileSystemError) -> UInt64 {
    var position = firstPosition(name)
    let end = position | ((1 << numberBits) - 1)
    while attributes[MapKey(owner: handle, position: position)] != nil {
      guard position < end else { throw .noSpace }
      position += 1
    }
    return position
  }

  func drop(_ attribute: StoredAttribute) {
    attributes.remove(attribute.key)
    blobs.remove(attribute.name)
    blobs.remove(attribute.value)
    let handle = attribute.key.owner
    let first = attributes.first(from: MapKey(owner: handle, position: 0))
    if first?.key.owner != handle { inodes[handle].hasAttributes = false }
  }

  /// Removes all attributes of an inode that goes.
  func removeAttributes(of handle: UInt32) {
    while inodes[handle].hasAttributes, let entry = attributes.first(from: MapKey(owner: handle, position: 0)) {
      drop(StoredAttribute(entry))
    }
  }

  func removeCapability(of handle: UInt32) {
    if let found = find(.capability, of: handle) { drop(found) }
  }
}

extension AttributeName {
  static func isTrusted(_ name: [UInt8]) -> Bool { name.starts(with: "trusted.") }
}
