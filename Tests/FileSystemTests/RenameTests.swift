import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Renaming")
struct RenameTests {
  @Test("a file moves, between directories as well")
  func moves() throws {
    try withTree { tree in
      let directory = try tree.directory("d")
      let file = try tree.file("a")
      try tree.rename("a", to: "b")
      #expect(try tree.find("b") == file)
      try tree.rename("b", to: "c", into: directory)
      #expect(try tree.find("c", in: directory) == file)
      #expect(try tree.names() == ["d"])
      #expect(throws: FileSystemError.noEntry) { try tree.rename("b", to: "e") }
    }
  }

  @Test("what has the new name goes, and its frames with it")
  func replaces() throws {
    try withTree { tree in
      let file = try tree.file("a")
      let old = try tree.file("b")
      try tree.write(pattern(9000), to: old)
      tree.fileSystem.forget(old, count: 1)
      try tree.rename("a", to: "b")
      #expect(try tree.find("b") == file)
      #expect(try tree.names() == ["b"])
      #expect(tree.freeFrames == 64)
    }
  }

  @Test("two names of one file stay as they are")
  func sameFile() throws {
    try withTree { tree in
      let file = try tree.file("a")
      try tree.link(file, as: "b")
      try tree.rename("a", to: "b")
      try tree.rename("a", to: "a")
      #expect(try tree.names() == ["a", "b"])
      #expect(throws: FileSystemError.exists) { try tree.rename("a", to: "a", .noReplace) }
    }
  }

  @Test("a directory replaces an empty directory, and nothing else does")
  func directories() throws {
    try withTree { tree in
      let one = try tree.directory("one")
      let other = try tree.directory("other")
      let inner = try tree.directory("inner", in: one)
      _ = try tree.file("f", in: inner)
      _ = try tree.file("g")
      #expect(throws: FileSystemError.isDirectory) { try tree.rename("g", to: "other") }
      #expect(throws: FileSystemError.notDirectory) { try tree.rename("other", to: "g") }
      #expect(throws: FileSystemError.notEmpty) { try tree.rename("other", to: "one") }
      try tree.rename("inner", in: one, to: "other")
      #expect(try tree.find("other") == inner)
      #expect(try tree.attributes(one).links == 2)
      #expect(try tree.attributes(.root).links == 4)
      #expect(try tree.attributes(other).links == 0)
      #expect(try tree.fileSystem.lookUp(.dotDot, in: inner).attributes.inode == .root)
    }
  }

  @Test("a directory can't go below itself")
  func loops() throws {
    try withTree { tree in
      let outer = try tree.directory("outer")
      let middle = try tree.directory("middle", in: outer)
      let inner = try tree.directory("inner", in: middle)
      #expect(throws: FileSystemError.invalid) { try tree.rename("outer", to: "x", into: inner) }
      #expect(throws: FileSystemError.invalid) { try tree.rename("outer", to: "x", into: outer) }
      #expect(throws: FileSystemError.invalid) { try tree.rename("outer", to: "inner", into: middle, .exchange) }
      #expect(throws: FileSystemError.invalid) { try tree.rename("inner", in: middle, to: "outer", .exchange) }
      #expect(throws: FileSystemError.notEmpty) { try tree.rename("inner", in: middle, to: "outer") }
    }
  }

  @Test("exchanged directories have each other's parents, and their parents' links are right")
  func exchange() throws {
    try withTree { tree in
      let one = try tree.directory("one")
      let other = try tree.directory("other")
      let inner = try tree.directory("inner", in: one)
      let file = try tree.file("file", in: other)
      try tree.rename("inner", in: one, to: "file", into: other, .exchange)
      #expect(try tree.find("inner", in: one) == file)
      #expect(try tree.find("file", in: other) == inner)
      #expect(try tree.attributes(one).links == 2)
      #expect(try tree.attributes(other).links == 3)
      #expect(try tree.fileSystem.lookUp(.dotDot, in: inner).attributes.inode == other)
      let deep = try tree.directory("deep", in: inner)
      try tree.rename("one", to: "deep", into: inner, .exchange)
      #expect(try tree.find("one") == deep)
      #expect(try tree.find("deep", in: inner) == one)
      #expect(throws: FileSystemError.noEntry) { try tree.rename("one", to: "nothing", .exchange) }
    }
  }

  @Test("without replacing, a name that is there is an error")
  func noReplace() throws {
    try withTree { tree in
      let file = try tree.file("a")
      _ = try tree.file("b")
      #expect(throws: FileSystemError.exists) { try tree.rename("a", to: "b", .noReplace) }
      try tree.rename("a", to: "c", .noReplace)
      #expect(try tree.find("c") == file)
    }
  }

  @Test("a whiteout stays under the old name, also where something is replaced", arguments: [false, true])
  func whiteout(isReplacing: Bool) throws {
    try withTree { tree in
      let directory = try tree.directory("d", permissions: 0o2777)
      try tree.set(directory) { $0.gid = 300 }
      let file = try tree.file("a", in: directory)
      if isReplacing { _ = try tree.file("b") }
      try tree.rename("a", in: directory, to: "b", .whiteout, by: Tree.user)
      #expect(try tree.find("b") == file)
      let whiteout = try tree.attributes(tree.find("a", in: directory))
      #expect(whiteout.mode.rawValue == 0o020000 && whiteout.device == 0 && whiteout.links == 1)
      #expect(whiteout.uid == 1000 && whiteout.gid == 300)
    }
  }

  @Test("a whiteout counts as an inode")
  func whiteoutLimit() throws {
    var limits = MountLimits()
    limits.inodes = 2
    try withTree(limits: limits) { tree in
      _ = try tree.file("a")
      #expect(throws: FileSystemError.noSpace) { try tree.rename("a", to: "b", .whiteout) }
      #expect(try tree.names() == ["a"])
    }
  }

  @Test("flags that don't go together are invalid", arguments: [3, 6, 7, 8, 1 << 31] as [UInt32])
  func flags(_ flags: UInt32) throws {
    try withTree { tree in
      _ = try tree.file("a")
      _ = try tree.file("b")
      #expect(throws: FileSystemError.invalid) { try tree.rename("a", to: "b", RenameFlags(rawValue: flags)) }
    }
  }
}
