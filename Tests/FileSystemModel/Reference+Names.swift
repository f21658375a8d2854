import Platform

@testable import FileSystem

/// Names in the reference.
extension Reference {
  func lookUp(_ name: Int, in directory: Node) throws -> Node {
    guard let node = directory.entries[name] else { throw FileSystemError.noEntry }
    return refer(to: node)
  }

  func lookUpDotDot(_ node: Node) throws -> Node {
    guard node.isDirectory else { throw FileSystemError.notDirectory }
    guard node.links > 0, let parent = node.parent else { throw FileSystemError.noEntry }
    return refer(to: parent)
  }

  func refer(to node: Node) -> Node {
    node.lookups += 1
    return node
  }

  // MARK: Making

  func make(
    _ name: Int, in directory: Node, mode: UInt32, device: UInt32 = 0, target: [UInt8] = [], by caller: Int
  ) throws -> Node {
    guard directory.links > 0 else { throw FileSystemError.noEntry }
    guard directory.entries[name] == nil else { throw FileSystemError.exists }
    let node = try makeUnnamed(in: directory, mode: mode, by: caller)
    node.device = device
    node.target = target
    node.size = UInt64(target.count)
    enter(node, as: name, in: directory)
    node.links = node.isDirectory ? 2 : 1
    if node.isDirectory {
      node.parent = directory
      directory.links += 1
    }
    return node
  }

  /// A node without a name, with a reference of the caller.
  func makeUnnamed(in directory: Node, mode: UInt32, by caller: Int) throws -> Node {
    if directory.flags.contains(.immutable) { throw FileSystemError.notPermitted }
    try checkInodes()
    let who = Pools.callers[caller]
    let isGroupKept = directory.mode & 0o2000 != 0
    let node = Node(mode: mode, uid: who.uid, gid: isGroupKept ? directory.gid : who.gid, time: time)
    node.flags = directory.flags.intersection([.noDump, .noAccessTime])
    inherit(from: directory, to: node, umask: who.umask)
    if isGroupKept {
      if node.isDirectory {
        node.mode |= 0o2000
      } else if node.mode & 0o010 != 0, who.uid != 0, !Pools.groups[caller].contains(directory.gid) {
        node.mode &= ~0o2000
      }
    }
    add(node)
    return refer(to: node)
  }

  /// The mode by the directory's default ACL, or without one by the umask.
  private func inherit(from directory: Node, to node: Node, umask: UInt32) {
    if node.isLink { return }
    guard var list = directory.defaultList else {
      node.mode &= ~(umask & 0o777)
      return
    }
    if node.isDirectory { node.defaultList = list }
    list.restrict(to: node.mode)
    node.mode = node.mode & ~0o777 | list.permissions
    if !list.isMinimal { node.accessList = list }
  }

  private func enter(_ node: Node, as name: Int, in directory: Node) {
    directory.entries[name] = node
    touch(directory)
  }

  private func touch(_ directory: Node) {
    directory.modified = time
    directory.changed = time
  }

  // MARK: Linking and removing

  func link(_ node: Node, as name: Int, in directory: Node) throws -> Node {
    guard directory.links > 0 else { throw FileSystemError.noEntry }
    guard !node.isDirectory else { throw FileSystemError.notPermitted }
    guard directory.entries[name] == nil else { throw FileSystemError.exists }
    if directory.flags.contains(.immutable) { throw FileSystemError.notPermitted }
    try checkFixed(node)
    if node.links > 0 { try checkInodes() }
    enter(node, as: name, in: directory)
    node.links += 1
    node.changed = time
    noteUse(of: node)
    return refer(to: node)
  }

  func unlink(_ name: Int, in directory: Node) throws {
    guard let node = directory.entries[name] else { throw FileSystemError.noEntry }
    try checkFixed(directory)
    try checkFixed(node)
    guard !node.isDirectory else { throw FileSystemError.isDirectory }
    directory.entries[name] = nil
    touch(directory)
    removeName(of: node)
  }

  func removeDirectory(_ name: Int, in directory: Node) throws {
    guard let node = directory.entries[name] else { throw FileSystemError.noEntry }
    try checkFixed(directory)
    try checkFixed(node)
    guard node.isDirectory else { throw FileSystemError.notDirectory }
    guard node.entries.isEmpty else { throw FileSystemError.notEmpty }
    directory.entries[name] = nil
    directory.links -= 1
    touch(directory)
    removeName(of: node)
  }

  /// Called when a node has lost a name.
  private func removeName(of node: Node) {
    node.links = node.isDirectory ? 0 : node.links - 1
    node.changed = time
    noteUse(of: node)
    dropIfDead(node)
  }

  // MARK: Renaming

  func rename(_ name: Int, in source: Node, to newName: Int, in target: Node, flags: UInt32, by caller: Int) throws {
    let (noReplace, exchange, whiteout) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0)
    if flags > 7 || exchange && (noReplace || whiteout) { throw FileSystemError.invalid }
    guard target.links > 0, let moved = source.entries[name] else { throw FileSystemError.noEntry }
    let replaced = target.entries[newName]
    if isAbove(moved, target) { throw FileSystemError.invalid }
    if exchange {
      guard let replaced else { throw FileSystemError.noEntry }
      if isAbove(replaced, source) { throw FileSystemError.invalid }
      for node in [source, target, moved, replaced] { try checkFixed(node) }
      put(replaced, as: name, in: source, insteadOf: moved)
      put(moved, as: newName, in: target, insteadOf: replaced)
      (moved.changed, replaced.changed) = (time, time)
      return
    }
    if noReplace, replaced != nil { throw FileSystemError.exists }
    if moved === replaced { return }
    try checkFixed(source)
    try checkFixed(moved)
    if target.flags.contains(.immutable) { throw FileSystemError.notPermitted }
    if let replaced {
      try checkFixed(target)
      try checkFixed(replaced)
      if moved.isDirectory, !replaced.isDirectory { throw FileSystemError.notDirectory }
      if !moved.isDirectory, replaced.isDirectory { throw FileSystemError.isDirectory }
      if !replaced.entries.isEmpty { throw FileSystemError.notEmpty }
    }
    if whiteout { try checkInodes() }
    put(moved, as: newName, in: target, insteadOf: replaced)
    source.entries[name] = nil
    if moved.isDirectory { source.links -= 1 }
    touch(source)
    if whiteout { leaveWhiteout(as: name, in: source, by: caller) }
    if fault != .renameKeepsChangeTime { moved.changed = time }
    if let replaced { removeName(of: replaced) }
  }

  /// Whether a node is a directory that is, or is above, another.
  private func isAbove(_ node: Node, _ other: Node) -> Bool {
    var ancestor = other
    while ancestor !== node {
      if ancestor === root { return false }
      ancestor = ancestor.parent!
    }
    return true
  }

  private func put(_ node: Node, as name: Int, in directory: Node, insteadOf old: Node?) {
    directory.entries[name] = node
    if node.isDirectory {
      node.parent = directory
      directory.links += 1
    }
    if let old, old.isDirectory, fault != .linksOfReplacedDirectory { directory.links -= 1 }
    touch(directory)
  }

  private func leaveWhiteout(as name: Int, in directory: Node, by caller: Int) {
    let who = Pools.callers[caller]
    let isGroupKept = directory.mode & 0o2000 != 0
    let node = Node(mode: 0o020000, uid: who.uid, gid: isGroupKept ? directory.gid : who.gid, time: time)
    node.links = 1
    node.flags = directory.flags.intersection([.noDump, .noAccessTime])
    add(node)
    directory.entries[name] = node
  }
}
