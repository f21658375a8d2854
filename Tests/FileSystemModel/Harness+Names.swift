@testable import FileSystem

/// Compares requests about names.
extension Harness {
  // MARK: Requests that answer with an inode

  func runEntry(_ operation: Operation) throws {
    let (real, model) = (fileSystem, reference)
    switch operation {
    case .lookUp(let place, let name):
      let directory = directory(place)
      try compareEntry {
        try real.lookUp(Pools.names[name], in: directory.number)
      } _: {
        try model.lookUp(name, in: directory)
      }
    case .lookUpDot(let place):
      let node = node(place)
      try compareEntry {
        try real.lookUp(.dot, in: node.number)
      } _: {
        model.refer(to: node)
      }
    case .lookUpDotDot(let place):
      let node = node(place)
      try compareEntry {
        try real.lookUp(.dotDot, in: node.number)
      } _: {
        try model.lookUpDotDot(node)
      }
    case .makeNode(let place, let name, let type, let permissions, let device, let caller):
      let directory = directory(place)
      try compareEntry {
        try real.makeNode(
          Pools.names[name], in: directory.number, mode: FileMode(type | permissions), device: device, by: Pools.callers[caller])
      } _: {
        try model.make(name, in: directory, mode: type | permissions, device: device, by: caller)
      }
    case .makeDirectory(let place, let name, let permissions, let caller):
      let directory = directory(place)
      try compareEntry {
        try real.makeDirectory(Pools.names[name], in: directory.number, permissions: permissions, by: Pools.callers[caller])
      } _: {
        try model.make(name, in: directory, mode: 0o040000 | permissions, by: caller)
      }
    case .makeLink(let place, let name, let length, let caller):
      let directory = directory(place)
      let target = Array(Self.source[0..<length])
      try compareEntry {
        try real.makeLink(Pools.names[name], in: directory.number, target: target, by: Pools.callers[caller])
      } _: {
        if target.isEmpty { throw FileSystemError.noEntry }
        if target.count > 4095 { throw FileSystemError.nameTooLong }
        return try model.make(name, in: directory, mode: 0o120777, target: target, by: caller)
      }
    case .makeUnnamed(let place, let permissions, let caller):
      let directory = directory(place)
      try compareEntry {
        try real.makeUnnamed(in: directory.number, permissions: permissions, by: Pools.callers[caller])
      } _: {
        try model.makeUnnamed(in: directory, mode: 0o100000 | permissions, by: caller)
      }
    case .link(let place, let directoryPlace, let name):
      let (node, directory) = (node(place), directory(directoryPlace))
      try compareEntry {
        try real.link(node.number, as: Pools.names[name], in: directory.number)
      } _: {
        try model.link(node, as: name, in: directory)
      }
    default: break
    }
  }

  // MARK: Names

  func runNames(_ operation: Operation) throws {
    let (real, model) = (fileSystem, reference)
    switch operation {
    case .unlink(let place, let name):
      let directory = directory(place)
      try compareStatus {
        try real.unlink(Pools.names[name], in: directory.number)
      } _: {
        try model.unlink(name, in: directory)
      }
      noteAbsence(of: name, in: directory)
    case .removeDirectory(let place, let name):
      let directory = directory(place)
      try compareStatus {
        try real.removeDirectory(Pools.names[name], in: directory.number)
      } _: {
        try model.removeDirectory(name, in: directory)
      }
      noteAbsence(of: name, in: directory)
    case .rename(let place, let name, let newPlace, let newName, let flags, let caller):
      let (source, target) = (directory(place), directory(newPlace))
      try compareStatus {
        try real.rename(
          from: .init(Pools.names[name], in: source.number), to: .init(Pools.names[newName], in: target.number),
          RenameFlags(rawValue: flags), by: Pools.callers[caller])
      } _: {
        try model.rename(name, in: source, to: newName, in: target, flags: flags, by: caller)
      }
      learnWhiteout(name, in: source)
      noteAbsence(of: name, in: source)
    case .forget(let place, let count):
      let node = node(place)
      real.forget(node.number, count: count)
      model.forget(node, count: count)
    case .list(let place, let count, let referencing): try list(directory(place), count, referencing)
    default: break
    }
  }

  /// A whiteout is an inode that was in no answer.
  private func learnWhiteout(_ name: Int, in directory: Node) {
    guard let node = directory.entries[name], node.number == InodeNumber(0) else { return }
    guard let found = fileSystem.find(Pools.names[name], in: directory.number.handle) else { return }
    node.number = InodeNumber(handle: found.child)
    nodes[node.number.rawValue] = node
  }

  /// A listing need not show a name that was removed, even if it came back.
  private func noteAbsence(of name: Int, in directory: Node) {
    guard directory.entries[name] == nil else { return }
    listings[ObjectIdentifier(directory)]?.owed.remove(name)
    listings[ObjectIdentifier(directory)]?.seen.remove(name)
  }

  private func list(_ directory: Node, _ count: Int, _ referencing: Bool) throws {
    var listing = listings[ObjectIdentifier(directory)] ?? Listing(owed: Set(directory.entries.keys))
    let isFirst = listing.position == 0
    var listed: [FileSystem<TestStore>.Listed] = []
    try compareStatus {
      try fileSystem.list(directory.number, after: listing.position) { entry in
        listed.append(entry)
        return listed.count < count
      }
    } _: {
      guard directory.links > 0 else { throw FileSystemError.noEntry }
      if isFirst { reference.noteAccess(directory) }
    }
    for entry in listed {
      guard entry.position > listing.position else { throw fail("positions go back") }
      listing.position = entry.position
      try check(entry, of: directory, &listing)
      if referencing {
        _ = fileSystem.reference(entry)
        nodes[entry.inode.rawValue]!.lookups += 1
      }
    }
    listings[ObjectIdentifier(directory)] = listing
    if listed.count < count {
      guard directory.links == 0 || listing.owed.isSubset(of: listing.seen) else { throw fail("names were skipped: \(listing)") }
      listings[ObjectIdentifier(directory)] = nil
    }
  }

  private func check(_ entry: FileSystem<TestStore>.Listed, of directory: Node, _ listing: inout Listing) throws {
    if entry.isDots {
      let expected = entry.name.count == 1 ? directory : directory.parent!
      guard entry.inode == expected.number else { throw fail("\(entry.name) is \(entry.inode)") }
      return
    }
    guard let name = Pools.names.firstIndex(where: { $0.bytes == entry.name }), let node = directory.entries[name]
    else { throw fail("listed \(entry.name), which is not there") }
    guard entry.inode == node.number, entry.mode.type == node.type else { throw fail("listed \(entry.name) as \(entry.inode)") }
    guard listing.seen.insert(name).inserted else { throw fail("listed \(entry.name) twice") }
  }
}
