import Platform

@testable import FileSystem

/// Attributes, extended attributes and ACLs in the reference.
extension Reference {
  func setFlags(of node: Node, to flags: FileFlags) {
    node.flags = flags
    node.changed = time
  }

  /// An immutable or append-only file: its name and attributes can't change either.
  func checkFixed(_ node: Node) throws {
    if node.flags.contains(.immutable) || node.flags.contains(.append) { throw FileSystemError.notPermitted }
  }

  func setAttributes(_ node: Node, to change: AttributeChange, by caller: Int, isOpen: Bool) throws {
    if change.permissions != nil || change.uid != nil || change.gid != nil { try checkFixed(node) }
    if change.size == nil, change.accessed != nil || change.modified != nil {
      if case .now = change.accessed, case .now = change.modified {
        if node.flags.contains(.immutable) { throw FileSystemError.notPermitted }
      } else {
        try checkFixed(node)
      }
    }
    if let size = change.size { try truncate(node, to: size, by: caller, isOpen: isOpen) }
    if let permissions = change.permissions {
      node.accessList?.setPermissions(permissions)
      node.mode = node.type | permissions
    }
    let isOwnerChange = (change.uid != nil || change.gid != nil) && !node.isDirectory
    if change.size != nil || isOwnerChange { takePrivileges(from: node, for: caller) }
    if let uid = change.uid { node.uid = uid }
    if let gid = change.gid { node.gid = gid }
    if let accessed = change.accessed { node.accessed = resolve(accessed) }
    if let modified = change.modified { node.modified = resolve(modified) }
    let isMore = change.permissions != nil || change.uid != nil || change.gid != nil || change.accessed != nil || change.modified != nil
    if change.size == nil || isMore { node.changed = time }
  }

  private func resolve(_ new: AttributeChange.NewTime) -> Time {
    switch new {
    case .now: return time
    case .time(let time): return time
    }
  }

  func readLink(_ node: Node) throws -> [UInt8] {
    guard node.isLink else { throw FileSystemError.invalid }
    noteAccess(node)
    return node.target
  }

  // MARK: Extended attributes

  func setAttribute(_ name: Int, of node: Node, to value: [UInt8], flags: Int32) throws {
    try checkFixed(node)
    guard value.count <= 65536 else { throw FileSystemError.attributeTooLarge }
    if flags == 1, node.attributes[name] != nil { throw FileSystemError.exists }
    if flags == 2, node.attributes[name] == nil { throw FileSystemError.noAttribute }
    node.attributes[name] = value
    node.changed = time
  }

  func attribute(_ name: Int, of node: Node) throws -> [UInt8] {
    guard let value = node.attributes[name] else { throw FileSystemError.noAttribute }
    return value
  }

  func removeAttribute(_ name: Int, of node: Node) throws {
    try checkFixed(node)
    guard node.attributes.removeValue(forKey: name) != nil else { throw FileSystemError.noAttribute }
    node.changed = time
  }

  /// All names and values that a caller sees, with ACLs.
  func attributes(of node: Node, isPrivileged: Bool) -> [[UInt8]: [UInt8]] {
    var all: [[UInt8]: [UInt8]] = [:]
    for (name, value) in node.attributes where isPrivileged || name != 4 { all[Pools.attributes[name].bytes] = value }
    if let list = node.accessList { all[Array("system.posix_acl_access".utf8)] = list.bytes }
    if let list = node.defaultList { all[Array("system.posix_acl_default".utf8)] = list.bytes }
    return all
  }

  // MARK: ACLs

  func setAccessList(_ value: AccessListValue?, isDefault: Bool, of node: Node, by caller: Int) throws {
    try checkFixed(node)
    guard let value else { throw FileSystemError.invalid }
    if isDefault {
      guard node.isDirectory else { throw FileSystemError.accessDenied }
      node.defaultList = value
    } else {
      node.accessList = value.isMinimal ? nil : value
      node.mode = node.mode & ~0o777 | value.permissions
      if Pools.callers[caller].uid != 0, !Pools.groups[caller].contains(node.gid) { node.mode &= ~0o2000 }
    }
    node.changed = time
  }

  func removeAccessList(isDefault: Bool, of node: Node) throws {
    try checkFixed(node)
    guard (isDefault ? node.defaultList : node.accessList) != nil else { return }
    if isDefault { node.defaultList = nil } else { node.accessList = nil }
    node.changed = time
  }
}
