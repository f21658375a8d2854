import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Reserving and punching")
struct AllocateTests {
  @Test("reserved blocks take frames, read as zeros, and may lie beyond the end")
  func reserving() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.allocate(file, at: 5000, count: 10_000)
      #expect(try tree.attributes(file).size == 15_000)
      #expect(try tree.attributes(file).blocks == 3 * 8)
      #expect(try tree.read(file) == zeros(15_000))
      try tree.allocate(file, at: 0, count: 40_000, .keepSize)
      #expect(try tree.attributes(file).size == 15_000)
      #expect(tree.freeFrames == 54)
    }
  }

  @Test("writing a part of a reserved extent splits it", arguments: [0, 1, 3, 9])
  func splitting(block: Int) throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.allocate(file, at: 0, count: 10 * 4096)
      try tree.write([1, 2], to: file, at: UInt64(block * 4096 + 4))
      var expected = zeros(10 * 4096)
      expected.replaceSubrange(block * 4096 + 4..<block * 4096 + 6, with: [1, 2])
      #expect(try tree.read(file) == expected)
      #expect(tree.fileSystem.extents.mapForTests.count == (block == 0 || block == 9 ? 2 : 3))
      #expect(tree.freeFrames == 54)
    }
  }

  @Test("a reserved file that is written whole is one extent again")
  func filling() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.allocate(file, at: 0, count: 20 * 4096)
      for block in (0..<20).reversed() { try tree.write(pattern(4096), to: file, at: UInt64(block * 4096)) }
      #expect(tree.fileSystem.extents.mapForTests.count == 1)
      try tree.truncate(file, to: 0)
      try tree.allocate(file, at: 0, count: 4096)
      try tree.write(pattern(4096), to: file)
      #expect(try tree.read(file) == pattern(4096))
    }
  }

  @Test("a reservation that finds too few frames takes none")
  func tooMuch() throws {
    for size in [nil, UInt64(20 * 4096)] {
      var limits = MountLimits()
      limits.size = size
      try withTree(frames: 30, fragmenting: true, limits: limits) { tree in
        let file = try tree.file("f")
        try tree.write(pattern(4096), to: file, at: 3 * 4096)
        let before = tree.freeFrames
        #expect(throws: FileSystemError.noSpace) { try tree.allocate(file, at: 0, count: 40 * 4096) }
        #expect(throws: FileSystemError.noSpace) { try tree.allocate(file, at: 5, count: UInt64(Int64.max) - 5) }
        #expect(tree.freeFrames == before)
        #expect(try tree.attributes(file).size == 4 * 4096)
      }
    }
  }

  @Test("an orphan that takes frames of orphans, and with that its own, goes on with others", arguments: [false, true], [false, true])
  func fromItself(writes: Bool, fragmenting: Bool) throws {
    try withTree(frames: 8, fragmenting: fragmenting) { tree in
      let file = try tree.file("f")
      try tree.write(pattern(4 * 4096), to: file)
      try tree.allocate(file, at: 8 * 4096, count: 4096, .keepSize)
      try tree.unlink("f")
      if writes {
        try tree.write(pattern(4 * 4096), to: file, at: 4 * 4096)
      } else {
        try tree.allocate(file, at: 4 * 4096, count: 4 * 4096)
      }
      #expect(tree.fileSystem.inodes.orphanFrames > 0)
      tree.fileSystem.forget(file, count: 1)
      #expect(tree.freeFrames == 8)
    }
  }

  @Test("a reservation that fails on the way gives back what it took")
  func takingBack() throws {
    try withTree(frames: 30, fragmenting: true) { tree in
      let file = try tree.file("f")
      try tree.write(pattern(4096), to: file, at: 3 * 4096)
      try tree.write(pattern(4096), to: file, at: 50 * 4096)
      #expect(throws: FileSystemError.noSpace) { try tree.allocate(file, at: 0, count: 30 * 4096) }
      #expect(tree.freeFrames == 28)
      #expect(try tree.read(file, at: 3 * 4096, count: 4096) == pattern(4096))
    }
  }

  @Test("what is reserved twice is data of zeros, as in tmpfs; what is new beside it is not")
  func reservingTwice() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.allocate(file, at: 4 * 4096, count: 4 * 4096)
      try tree.allocate(file, at: 0, count: 6 * 4096)
      #expect(try tree.read(file) == zeros(8 * 4096))
      #expect(try tree.fileSystem.seek(.data, in: file, from: 0) == 4 * 4096)
      #expect(try tree.fileSystem.seek(.hole, in: file, from: 4 * 4096) == 6 * 4096)
    }
  }

  @Test(
    "a hole takes whole blocks, and makes zeros of parts",
    arguments: [
      (0, 4096), (0, 100), (100, 200), (100, 3996), (4000, 200), (100, 8092), (4096, 8192), (1, 30_000), (29_999, 1), (28_672, 1328),
      (30_000, 5000), (0, 1_000_000),
    ])
  func punching(offset: Int, count: Int) throws {
    try withTree(fragmenting: true) { tree in
      let file = try tree.file("f")
      var expected = pattern(30_000)
      try tree.write(expected, to: file)
      try tree.punch(file, at: UInt64(offset), count: UInt64(count))
      let range = min(offset, 30_000)..<min(offset + count, 30_000)
      expected.replaceSubrange(range, with: zeros(range.count))
      #expect(try tree.read(file) == expected)
      let whole = max(0, min(8, (offset + count) / 4096) - (offset + 4095) / 4096)
      #expect(tree.freeFrames == UInt64(64 - 8 + whole))
    }
  }

  @Test("the only extent of all can be cut at each end and in the middle", arguments: [0, 4, 9])
  func onlyExtent(block: UInt64) throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(10 * 4096), to: file)
      try tree.punch(file, at: block * 4096, count: 4096)
      #expect(tree.freeFrames == 55)
      #expect(try tree.read(file, at: block * 4096, count: 4096) == zeros(4096))
    }
  }

  @Test("a hole in reserved blocks gives them back")
  func punchingReserved() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.allocate(file, at: 0, count: 10 * 4096, .keepSize)
      try tree.punch(file, at: 4096 + 1, count: 5 * 4096)
      #expect(tree.freeFrames == 58)
    }
  }

  @Test("modes that tmpfs has not are unsupported", arguments: [2, 4, 8, 16, 32, 64, 3 + 16] as [Int32])
  func modes(_ mode: Int32) throws {
    try withTree { tree in
      let file = try tree.file("f")
      #expect(throws: FileSystemError.unsupported) { try tree.allocate(file, at: 0, count: 1, AllocateMode(rawValue: mode)) }
    }
  }

  @Test("a range of nothing is invalid, a directory no file")
  func wrong() throws {
    try withTree { tree in
      let file = try tree.file("f")
      #expect(throws: FileSystemError.invalid) { try tree.allocate(file, at: 0, count: 0) }
      #expect(throws: FileSystemError.isDirectory) { try tree.allocate(.root, at: 0, count: 1) }
    }
  }
}
