import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Limits and statistics")
struct LimitsTests {
  private func limits(size: UInt64? = nil, inodes: UInt64? = nil, metadata: Int? = nil) -> MountLimits {
    var limits = MountLimits()
    limits.size = size
    limits.inodes = inodes
    if let metadata { limits.metadata = metadata }
    return limits
  }

  @Test("no more data than the size allows, rounded up to a frame")
  func size() throws {
    try withTree(limits: limits(size: 3 * 4096 + 1)) { tree in
      let file = try tree.file("f")
      #expect(tree.fileSystem.statistics.blocks == 4)
      #expect(try tree.write(pattern(10 * 4096), to: file) == 4 * 4096)
      #expect(throws: FileSystemError.noSpace) { try tree.write([1], to: file, at: 100_000) }
      #expect(throws: FileSystemError.noSpace) { try tree.allocate(file, at: 100_000, count: 1) }
      try tree.punch(file, at: 0, count: 4096)
      #expect(try tree.write([1], to: file, at: 100_000) == 1)
    }
  }

  @Test("limits can change, and what is there stays")
  func changing() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(10 * 4096), to: file)
      tree.fileSystem.setLimits(size: 4096, inodes: 1)
      #expect(try tree.read(file) == pattern(10 * 4096))
      let statistics = tree.fileSystem.statistics
      #expect(statistics.blocks == 1 && statistics.freeBlocks == 0 && statistics.inodes == 2 && statistics.freeInodes == 0)
      #expect(throws: FileSystemError.noSpace) { try tree.file("g") }
      #expect(!tree.fileSystem.isWithin(size: 4096, inodes: nil) && tree.fileSystem.isWithin(size: 40_960, inodes: 2))
      tree.fileSystem.setLimits(size: nil, inodes: nil)
      _ = try tree.file("g")
      #expect(tree.fileSystem.statistics.freeBlocks == 54)
    }
  }

  @Test("the root counts as an inode, and a further name of a file as well")
  func inodes() throws {
    try withTree(limits: limits(inodes: 4)) { tree in
      let file = try tree.file("a")
      try tree.link(file, as: "b")
      _ = try tree.directory("c")
      #expect(tree.fileSystem.statistics.freeInodes == 0)
      #expect(throws: FileSystemError.noSpace) { try tree.directory("d") }
      #expect(throws: FileSystemError.noSpace) { try tree.link(file, as: "d") }
      #expect(throws: FileSystemError.noSpace) { try tree.fileSystem.makeUnnamed(in: .root, permissions: 0, by: Tree.root) }
      try tree.unlink("a")
      _ = try tree.file("d")
    }
  }

  @Test("free space is exact after every kind of change")
  func exact() throws {
    try withTree(limits: limits(size: 40 * 4096)) { tree in
      func free() -> UInt64 { tree.fileSystem.statistics.freeBlocks }
      let file = try tree.file("f")
      #expect(free() == 40)
      try tree.write(pattern(5 * 4096 + 1), to: file)
      #expect(free() == 34)
      try tree.allocate(file, at: 0, count: 10 * 4096)
      #expect(free() == 30)
      try tree.punch(file, at: 100, count: 3 * 4096)
      #expect(free() == 32)
      try tree.truncate(file, to: 4096 * 7 + 1)
      #expect(free() == 34)
      try tree.unlink("f")
      tree.fileSystem.forget(file, count: 1)
      #expect(free() == 40)
    }
  }

  @Test("what files had that are gone is room, also where the store counts frames that turn out to be none")
  func orphans() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(60 * 4096), to: file)
      try tree.unlink("f")
      // Four frames are free, and can't be had: the kernel has not forgotten the file, whose frames do.
      tree.frames.unusable = 4
      let other = try tree.file("g")
      #expect(try tree.write(pattern(50 * 4096), to: other) == 50 * 4096)
      try tree.unlink("g")
      try tree.allocate(try tree.file("h"), at: 0, count: 60 * 4096)
    }
  }

  @Test("metadata takes no more than it may, and what fails leaves no trace")
  func metadata() throws {
    try withTree(limits: limits(metadata: 100_000)) { tree in
      var count = 0
      #expect(throws: FileSystemError.noMemory) {
        while true {
          tree.fileSystem.forget(try tree.file("a file with a name that is longer than a short piece \(count)"), count: 1)
          count += 1
        }
      }
      #expect(count > 50 && tree.fileSystem.metadataBytes <= 100_000)
      #expect(try tree.names().count == count)
      for name in try tree.names() { try tree.unlink(name) }
      for round in 0..<count { tree.fileSystem.forget(try tree.file("again \(round)"), count: 1) }
    }
  }
}
