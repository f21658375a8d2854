import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Access lists")
struct AccessListTests {
  typealias Named = AccessListValue.Named
  private let full = AccessListValue(
    owner: 7, group: 5, other: 1, mask: 6, users: [Named(id: 1000, permissions: 7)], groups: [Named(id: 200, permissions: 4)])

  private func set(_ list: AccessListValue, isDefault: Bool = false, of number: InodeNumber, in tree: Tree, by caller: Caller = Tree.root)
    throws
  {
    try tree.fileSystem.setAttribute(.accessList(isDefault: isDefault), of: number, to: list.bytes, [], by: caller)
  }

  private func list(isDefault: Bool = false, of number: InodeNumber, in tree: Tree) throws -> [UInt8] {
    try tree.fileSystem.attribute(.accessList(isDefault: isDefault), of: number)
  }

  @Test("an access list sets the permission bits: the mask is the group's")
  func setting() throws {
    try withTree { tree in
      let file = try tree.file("f", permissions: 0o600)
      try set(full, of: file, in: tree)
      #expect(try tree.mode(file) == 0o761)
      #expect(try list(of: file, in: tree) == full.bytes)
    }
  }

  @Test("chmod changes the owner, the mask and the others in the list")
  func chmod() throws {
    try withTree { tree in
      let file = try tree.file("f", permissions: 0o600)
      try set(full, of: file, in: tree)
      try tree.set(file) { $0.permissions = 0o640 }
      var expected = full
      (expected.owner, expected.mask, expected.other) = (6, 4, 0)
      #expect(try list(of: file, in: tree) == expected.bytes)
      #expect(try tree.mode(file) == 0o640)
    }
  }

  @Test("a list that says what the mode says is not kept")
  func minimal() throws {
    try withTree { tree in
      let file = try tree.file("f", permissions: 0o600)
      try set(full, of: file, in: tree)
      try set(AccessListValue(owner: 6, group: 4, other: 4), of: file, in: tree)
      #expect(try tree.mode(file) == 0o644)
      #expect(throws: FileSystemError.noAttribute) { try list(of: file, in: tree) }
    }
  }

  @Test("files and directories inherit the default list; the umask then doesn't count")
  func inheriting() throws {
    try withTree { tree in
      let caller = Caller(uid: 1000, gid: 100, umask: 0o077)
      let directory = try tree.directory("d")
      try set(full, isDefault: true, of: directory, in: tree)
      let file = try tree.file("f", in: directory, permissions: 0o640, by: caller)
      var expected = full
      (expected.owner, expected.mask, expected.other) = (6, 4, 0)
      #expect(try list(of: file, in: tree) == expected.bytes)
      #expect(try tree.mode(file) == 0o640)
      #expect(throws: FileSystemError.noAttribute) { try list(isDefault: true, of: file, in: tree) }
      let inner = try tree.directory("e", in: directory, permissions: 0o777, by: caller)
      #expect(try list(isDefault: true, of: inner, in: tree) == full.bytes)
      #expect(try list(of: inner, in: tree) == full.bytes)
      let link = try tree.fileSystem.makeLink(tree.name("l"), in: directory, target: [65], by: caller).attributes
      #expect(link.mode.permissions == 0o777)
    }
  }

  @Test("a default list of three entries masks the mode and leaves no access list")
  func inheritingMinimal() throws {
    try withTree { tree in
      let directory = try tree.directory("d")
      try set(AccessListValue(owner: 7, group: 5, other: 0), isDefault: true, of: directory, in: tree)
      let file = try tree.file("f", in: directory, permissions: 0o666)
      #expect(try tree.mode(file) == 0o640)
      #expect(throws: FileSystemError.noAttribute) { try list(of: file, in: tree) }
    }
  }

  @Test("what is no list is invalid", arguments: AccessListValue.broken)
  func broken(_ bytes: [UInt8]) throws {
    try withTree { tree in
      let file = try tree.file("f")
      #expect(throws: FileSystemError.invalid) {
        try tree.fileSystem.setAttribute(.accessList(isDefault: false), of: file, to: bytes, [], by: Tree.root)
      }
    }
  }

  @Test("a list without entries removes what is there; only directories have default lists")
  func removing() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try set(full, of: file, in: tree)
      try tree.fileSystem.setAttribute(.accessList(isDefault: false), of: file, to: [2, 0, 0, 0], [], by: Tree.root)
      #expect(throws: FileSystemError.noAttribute) { try list(of: file, in: tree) }
      #expect(throws: FileSystemError.accessDenied) { try set(full, isDefault: true, of: file, in: tree) }
    }
  }

  @Test("who is not in the file's group takes set-group-ID away by setting a list")
  func setGroup() throws {
    try withTree { tree in
      let file = try tree.file("f", permissions: 0o2755)
      try set(full, of: file, in: tree, by: Tree.user)
      #expect(try tree.mode(file) == 0o761)
    }
  }

  @Test("a directory that inherits two lists is made whole or not at all, also where the first splits a node")
  func inheritingWithoutMemory() throws {
    for successes in 0..<4 {
      try withTree { tree in
        let directory = try tree.directory("d")
        try set(full, isDefault: true, of: directory, in: tree)
        let file = try tree.file("f")
        while tree.fileSystem.attributes.mapForTests.count < MapNode.capacity {
          let name = try AttributeName(Array("user.\(tree.fileSystem.attributes.mapForTests.count)".utf8))
          try tree.fileSystem.setAttribute(name, of: file, to: [1], [], by: Tree.root)
        }
        let nodes = tree.fileSystem.attributes.mapForTests.nodes
        var ballast: [UInt32] = []
        while nodes.room > 0 { ballast.append(nodes.add(MapNode())) }
        let inodes = tree.fileSystem.inodes.count
        tree.fileSystem.budget.growthsUntilFailure = successes
        let isMade = (try? tree.directory("e", in: directory)) != nil
        tree.fileSystem.budget.growthsUntilFailure = nil
        for node in ballast { nodes.remove(node) }
        #expect(isMade == (successes > 0))
        #expect(tree.fileSystem.inodes.count == (isMade ? inodes + 1 : inodes))
      }
    }
  }
}
