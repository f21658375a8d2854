import CPlatform

/// Flags of renameat2(2).
public struct RenameFlags: OptionSet, BitwiseCopyable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static var noReplace: RenameFlags { RenameFlags(rawValue: 1) }
  public static var exchange: RenameFlags { RenameFlags(rawValue: 2) }
  public static var whiteout: RenameFlags { RenameFlags(rawValue: 4) }
}

extension FileSystem where Store: ~Copyable {
  /// A name in a directory.
  public struct Place {
    let parent: InodeNumber
    let name: FileName

    public init(_ name: FileName, in parent: InodeNumber) {
      self.name = name
      self.parent = parent
    }
  }

  /// Moves a file to another name, which it replaces (rename(2)), exchanges two, or leaves a whiteout behind.
  public func rename(from old: Place, to new: Place, _ flags: RenameFlags, by caller: Caller) throws(FileSystemError) {
    guard flags.isSubset(of: [.noReplace, .exchange, .whiteout]), !flags.contains([.noReplace, .exchange]),
      !flags.contains([.exchange, .whiteout])
    else { throw .invalid }
    let source = try directory(old.parent)
    let target = try namedDirectory(new.parent)
    let moved = try required(old.name, in: source)
    let replaced = find(new.name, in: target)
    try checkLoop(moved.child, into: target)
    if flags.contains(.exchange) {
      guard let replaced else { throw .noEntry }
      try checkLoop(replaced.child, into: source)
      try checkRemoval(of: moved.child, from: source)
      try checkRemoval(of: replaced.child, from: target)
      return exchange(moved, replaced)
    }
    if flags.contains(.noReplace), replaced != nil { throw .exists }
    if let replaced {
      // Two names of one file: rename(2) does nothing.
      if replaced.child == moved.child { return }
    }
    try checkRemoval(of: moved.child, from: source)
    if let replaced {
      try checkRemoval(of: replaced.child, from: target)
      try checkReplacement(of: replaced.child, by: moved.child)
    } else {
      try checkAddition(to: target)
    }
    try move(moved, to: target, new.name, over: replaced, flags, caller)
  }

  /// A directory can't go into itself or below.
  private func checkLoop(_ child: UInt32, into directory: UInt32) throws(FileSystemError) {
    guard inodes[child].mode.isDirectory else { return }
    var ancestor = directory
    while true {
      if ancestor == child { throw .invalid }
      if ancestor == InodeNumber.root.handle || inodes[ancestor].parent == ancestor { return }
      ancestor = inodes[ancestor].parent
    }
  }

  private func checkReplacement(of old: UInt32, by new: UInt32) throws(FileSystemError) {
    switch (inodes[new].mode.isDirectory, inodes[old].mode.isDirectory) {
    case (true, false): throw .notDirectory
    case (false, true): throw .isDirectory
    case (true, true): if inodes[old].entries > 0 { throw .notEmpty }
    case (false, false): break
    }
  }

  private func move(
    _ moved: NamedEntry, to target: UInt32, _ name: FileName, over replaced: NamedEntry?, _ flags: RenameFlags,
    _ caller: Caller
  ) throws(FileSystemError) {
    if flags.contains(.whiteout) { try inodes.reserve() }
    if let replaced {
      redirect(replaced, to: moved.child)
    } else {
      addEntry(name, at: try reserveEntry(name, in: target), child: moved.child)
    }
    if flags.contains(.whiteout) {
      // A character device 0:0 (`WHITEOUT_DEV`, include/linux/fs.h) stays under the old name.
      let flags = inodes[moved.key.owner].flags.intersection(.inherited)
      let gid = group(in: moved.key.owner, caller)
      let whiteout = inodes.add(mode: FileMode(UInt32(S_IFCHR)), uid: caller.uid, gid: gid, flags: flags, at: now())
      inodes.link(whiteout, in: moved.key.owner)
      redirect(moved, to: whiteout)
    } else {
      removeEntry(moved)
    }
    inodes.move(moved.child, from: moved.key.owner, to: target)
    inodes[moved.child].changed = now()
    if let replaced { unlink(replaced.child, from: target) }
  }

  private func exchange(_ one: NamedEntry, _ other: NamedEntry) {
    redirect(one, to: other.child)
    redirect(other, to: one.child)
    for (entry, target) in [(one, other.key.owner), (other, one.key.owner)] {
      inodes.move(entry.child, from: entry.key.owner, to: target)
      inodes[entry.child].changed = now()
    }
  }
}
