import Frames

@testable import FileSystem

/// Compares the whole tree, and removes it.
extension Harness {
  /// Compares the whole tree with the reference and checks all invariants. Changes nothing.
  func checkWhole() throws {
    for node in reference.nodes { try compare(node) }
    let count = fileSystem.inodes.count - ballast.inodes
    guard count == reference.nodes.count else { throw Deviation(nil, "\(count) inodes instead of \(reference.nodes.count)") }
    let findings = InvariantsChecker.check(fileSystem, ballast: ballast)
    guard findings.isEmpty else { throw Deviation(nil, findings.joined(separator: "; ")) }
  }

  private func compare(_ node: Node) throws {
    let number = node.number.rawValue
    let actual = try Description(fileSystem.attributes(of: node.number))
    guard actual == Description(node) else { throw Deviation(nil, "inode \(number) is \(actual) instead of \(Description(node))") }
    guard try fileSystem.flags(of: node.number) == node.flags else { throw Deviation(nil, "the flags of \(number) are not \(node.flags)") }
    try compareAttributes(node)
    if node.isDirectory { try compareEntries(node) }
    if node.isRegular { try compareData(node) }
    let target = fileSystem.blobs.bytes(of: fileSystem.inodes[node.number.handle].target)
    guard target == node.target else { throw Deviation(nil, "the target of \(number) differs") }
  }

  private func compareAttributes(_ node: Node) throws {
    let expected = reference.attributes(of: node, isPrivileged: true)
    let names = try fileSystem.attributeNames(of: node.number, by: Pools.callers[0])
    guard names == Set(expected.keys) else { throw Deviation(nil, "attributes of \(node.number.rawValue): \(names)") }
    for (name, value) in expected {
      guard try fileSystem.attribute(AttributeName(name), of: node.number) == value
      else { throw Deviation(nil, "attribute \(name) of \(node.number.rawValue) differs") }
    }
  }

  private func compareEntries(_ node: Node) throws {
    guard node.links > 0 else { return }
    var found: [[UInt8]: UInt64] = [:]
    // Not from the first position, which would count as an access.
    try fileSystem.list(node.number, after: 2) { listed in
      found[listed.name] = listed.inode.rawValue
      return true
    }
    var expected: [[UInt8]: UInt64] = [:]
    for (name, child) in node.entries { expected[Pools.names[name].bytes] = child.number.rawValue }
    guard found == expected else { throw Deviation(nil, "entries of \(node.number.rawValue): \(found) instead of \(expected)") }
  }

  private func compareData(_ node: Node) throws {
    let blockSize = UInt64(frameSize)
    for (block, content) in node.blocks {
      guard let extent = fileSystem.extents.extent(of: node.number.handle, at: block), extent.isReserved == content.isEmpty
      else { throw Deviation(nil, "block \(block) of \(node.number.rawValue) is not what it should be") }
      let expected = reference.read(node, at: block * blockSize, count: frameSize, touching: false)
      let actual = try fileSystem.bytes(of: node.number, at: block * blockSize, count: frameSize, touching: false)
      guard actual == expected else { throw Deviation(nil, "block \(block) of \(node.number.rawValue) differs") }
    }
  }

  /// Removes everything, and checks that nothing is left.
  func removeAll() throws {
    injection = nil
    fileSystem.setLimits(size: nil, inodes: nil)
    (reference.sizeLimit, reference.inodeLimit) = (nil, nil)
    for place in reference.nodes.indices { try step(.setFlags(place, [])) }
    while !reference.root.entries.isEmpty || reference.nodes.count > 1 {
      for node in reference.nodes where node !== reference.root { try step(.forget(place(of: node), count: UInt64.max)) }
      for (place, directory) in reference.directories.enumerated() {
        for (name, child) in directory.entries {
          if child.isDirectory { try step(.removeDirectory(place, name)) } else { try step(.unlink(place, name)) }
        }
        // Places have moved.
        if reference.directories.count <= place || reference.directories[place] !== directory { break }
      }
    }
    try checkWhole()
    guard fileSystem.store.freeFrames == fileSystem.store.totalFrames,
      fileSystem.extents.mapForTests.count + fileSystem.entries.mapForTests.count == 0
    else { throw Deviation(nil, "not everything is gone") }
  }

  private func place(of node: Node) -> Int { reference.nodes.firstIndex { $0 === node } ?? 0 }
}
