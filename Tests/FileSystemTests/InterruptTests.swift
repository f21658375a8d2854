import Testing

@testable import FileSystem
@testable import FileSystemModel

/// If the kernel does not take a reply, since the caller was interrupted, the server must undo the counts of the request.
@Suite("Interrupted requests")
struct InterruptTests {
  /// The numbers of inodes and frames in use.
  private struct Use: Equatable {
    let inodes: Int
    let frames: UInt64

    init(_ tree: Tree) {
      inodes = tree.fileSystem.inodes.count
      frames = 64 - tree.freeFrames
    }
  }

  @Test("a lookup that is taken back leaves a file with what it had")
  func lookUp() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(5000), to: file)
      let entry = try tree.fileSystem.lookUp(tree.name("f"), in: .root)
      tree.fileSystem.forget(entry.attributes.inode, count: 1)
      #expect(try tree.read(file) == pattern(5000))
      try tree.unlink("f")
      #expect(try tree.read(file) == pattern(5000))
      tree.fileSystem.forget(file, count: 1)
      #expect(throws: FileSystemError.stale) { try tree.attributes(file) }
    }
  }

  @Test("a file whose making was never answered stays under its name, and is freed with it")
  func create() throws {
    try withTree { tree in
      let before = Use(tree)
      let file = try tree.file("f")
      let kind = try tree.fileSystem.open(file, for: .writing, isStream: true, by: Tree.root)
      tree.fileSystem.close(file, kind)
      tree.fileSystem.forget(file, count: 1)
      #expect(try tree.names() == ["f"])
      try tree.unlink("f")
      #expect(Use(tree) == before)
      #expect(throws: FileSystemError.stale) { try tree.attributes(file) }
    }
  }

  @Test("an unnamed file whose making was never answered is freed at once")
  func makeUnnamed() throws {
    try withTree { tree in
      let before = Use(tree)
      let file = try tree.fileSystem.makeUnnamed(in: .root, permissions: 0o600, by: Tree.user).attributes.inode
      let kind = try tree.fileSystem.open(file, for: .writing, isStream: true, by: Tree.user)
      try tree.write(pattern(5000), to: file)
      tree.fileSystem.close(file, kind)
      tree.fileSystem.forget(file, count: 1)
      #expect(Use(tree) == before && tree.fileSystem.inodes.orphans == 0)
    }
  }

  @Test("a link whose making was never answered is there, and counts no lookup")
  func link() throws {
    try withTree { tree in
      let before = Use(tree)
      let file = try tree.file("f")
      try tree.link(file, as: "g")
      tree.fileSystem.forget(file, count: 1)
      try tree.unlink("f")
      #expect(try tree.find("g") == file)
      try tree.unlink("g")
      #expect(Use(tree) == before)
    }
  }

  @Test("entries of a listing that didn't fit into the reply count no lookup")
  func listing() throws {
    try withTree { tree in
      let before = Use(tree)
      for name in ["a", "b", "c"] { tree.fileSystem.forget(try tree.file(name), count: 1) }
      try tree.fileSystem.list(.root, after: 0) { listed in
        let entry = tree.fileSystem.reference(listed)
        tree.fileSystem.forget(entry.attributes.inode, count: 1)
        return true
      }
      for name in ["a", "b", "c"] { try tree.unlink(name) }
      #expect(Use(tree) == before)
    }
  }

  @Test("an open file that was unlinked stays until it is closed and forgotten, whichever comes last")
  func unlinkedAndOpen() throws {
    try withTree { tree in
      let before = Use(tree)
      for closesFirst in [true, false] {
        let file = try tree.file("f")
        let kind = try tree.fileSystem.open(file, isStream: false, by: Tree.root)
        try tree.write(pattern(5000), to: file)
        _ = try tree.fileSystem.lookUp(tree.name("f"), in: .root)
        try tree.unlink("f")
        tree.fileSystem.forget(file, count: 1)
        #expect(try tree.read(file) == pattern(5000) && tree.fileSystem.inodes.orphans == 0)
        if closesFirst { tree.fileSystem.close(file, kind) }
        #expect(tree.fileSystem.inodes.orphans == (closesFirst ? 1 : 0))
        tree.fileSystem.forget(file, count: 1)
        if !closesFirst { tree.fileSystem.close(file, kind) }
        #expect(Use(tree) == before && tree.fileSystem.inodes.orphans == 0)
      }
    }
  }
}
