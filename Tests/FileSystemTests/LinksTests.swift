import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Links")
struct LinksTests {
  @Test("a file lives until its last name is gone and the kernel has forgotten it")
  func lastName() throws {
    try withTree { tree in
      let file = try tree.file("a")
      try tree.write(pattern(10), to: file)
      try tree.link(file, as: "b")
      #expect(try tree.attributes(file).links == 2)
      try tree.unlink("a")
      #expect(try tree.find("b") == file)
      try tree.unlink("b")
      #expect(try tree.read(file) == pattern(10))
      #expect(try tree.attributes(file).links == 0)
      tree.fileSystem.forget(file, count: 1)
      #expect(throws: FileSystemError.stale) { try tree.attributes(file) }
      #expect(tree.freeFrames == 64)
    }
  }

  @Test("every reference counts, and forgetting more than there are is no harm")
  func forgetting() throws {
    try withTree { tree in
      let file = try tree.file("a")
      for _ in 0..<3 { _ = try tree.fileSystem.lookUp(tree.name("a"), in: .root) }
      try tree.unlink("a")
      tree.fileSystem.forget(file, count: 3)
      #expect(try tree.attributes(file).links == 0)
      tree.fileSystem.forget(file, count: 100)
      #expect(throws: FileSystemError.stale) { try tree.attributes(file) }
      tree.fileSystem.forget(file, count: 1)
      tree.fileSystem.close(file, .direct)
    }
  }

  @Test("a stale number is stale to every request, until its place is taken again with another generation")
  func staleNumbers() throws {
    try withTree { tree in
      let file = try tree.file("a")
      let generation = try tree.attributes(file).generation
      try tree.unlink("a")
      tree.fileSystem.forget(file, count: 1)
      #expect(throws: FileSystemError.stale) { try tree.read(file) }
      #expect(throws: FileSystemError.stale) { try tree.write([1], to: file) }
      #expect(throws: FileSystemError.stale) { try tree.truncate(file, to: 5) }
      #expect(throws: FileSystemError.stale) { try tree.names(in: file) }
      #expect(throws: FileSystemError.stale) { try tree.fileSystem.lookUp(.dot, in: file) }
      #expect(throws: FileSystemError.stale) { try tree.fileSystem.attributeNames(of: file, for: Tree.root) }
      #expect(throws: FileSystemError.stale) { try tree.link(file, as: "b") }
      #expect(try tree.file("b") == file)
      #expect(try tree.attributes(file).generation != generation)
    }
  }

  @Test("numbers that no inode ever had are stale", arguments: [0, 2, 1 << 31, 1 << 32, 1 << 32 + 1, UInt64.max] as [UInt64])
  func impossibleNumbers(number: UInt64) throws {
    try withTree { tree in
      #expect(throws: FileSystemError.stale) { try tree.attributes(InodeNumber(number)) }
      tree.fileSystem.forget(InodeNumber(number), count: 1)
      tree.fileSystem.close(InodeNumber(number), .cached)
    }
  }

  @Test("the root is never forgotten")
  func root() throws {
    try withTree { tree in
      tree.fileSystem.forget(.root, count: 1000)
      let links = try tree.attributes(.root).links
      #expect(links == 2)
    }
  }

  @Test("directories can't be linked")
  func directories() throws {
    try withTree { tree in
      let directory = try tree.directory("d")
      #expect(throws: FileSystemError.notPermitted) { try tree.link(directory, as: "e") }
      #expect(throws: FileSystemError.exists) { try tree.link(tree.file("f"), as: "d") }
    }
  }

  @Test("a directory has two links and one more for each directory in it")
  func directoryLinks() throws {
    try withTree { tree in
      let outer = try tree.directory("outer")
      #expect(try tree.attributes(outer).links == 2)
      _ = try tree.directory("one", in: outer)
      _ = try tree.directory("two", in: outer)
      _ = try tree.file("file", in: outer)
      #expect(try tree.attributes(outer).links == 4)
      try tree.removeDirectory("one", in: outer)
      #expect(try tree.attributes(outer).links == 3)
      #expect(try tree.attributes(.root).links == 3)
    }
  }

  @Test("an unnamed file goes with its last reference, or gets a name")
  func unnamed() throws {
    try withTree { tree in
      let lost = try tree.fileSystem.makeUnnamed(in: .root, permissions: 0o600, by: Tree.user).attributes
      #expect(lost.links == 0)
      try tree.write(pattern(5000), to: lost.inode)
      tree.fileSystem.forget(lost.inode, count: 1)
      #expect(tree.freeFrames == 64)
      let kept = try tree.fileSystem.makeUnnamed(in: .root, permissions: 0o600, by: Tree.user).attributes.inode
      try tree.write(pattern(5000), to: kept)
      try tree.link(kept, as: "kept")
      tree.fileSystem.forget(kept, count: 1)
      #expect(try tree.read(tree.find("kept")) == pattern(5000))
    }
  }

  @Test("frames of a file without a name that nobody has open count as free, and are taken when there are no others")
  func orphans() throws {
    try withTree(frames: 10) { tree in
      let file = try tree.file("a")
      _ = try tree.fileSystem.open(file, isStream: true, by: Tree.root)
      try tree.write(pattern(8 * 4096), to: file)
      try tree.unlink("a")
      #expect(tree.fileSystem.statistics.freeBlocks == 2)
      tree.fileSystem.close(file, .direct)
      #expect(tree.fileSystem.statistics.freeBlocks == 10)
      #expect(try tree.read(file) == pattern(8 * 4096))
      let other = try tree.file("b")
      #expect(try tree.write(pattern(10 * 4096), to: other) == 10 * 4096)
      #expect(throws: FileSystemError.stale) { try tree.fileSystem.open(file, isStream: false, by: Tree.root) }
    }
  }

  @Test("a file's path is told for messages, of any of its names, and of none that is gone")
  func paths() throws {
    try withTree { tree in
      func path(_ number: InodeNumber) -> String? { tree.fileSystem.path(of: number).map { String(decoding: $0, as: UTF8.self) } }
      let outer = try tree.directory("outer")
      let inner = try tree.directory("inner", in: outer)
      _ = try tree.file("other", in: inner)
      let file = try tree.file("file", in: inner)
      #expect(path(file) == "/outer/inner/file" && path(inner) == "/outer/inner" && path(.root) == "/")
      try tree.link(file, as: "again")
      try tree.unlink("file", in: inner)
      #expect(path(file) == "/again")
      try tree.unlink("again")
      #expect(path(file) == nil)
    }
  }
}
