import Frames
import Platform
import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Reading and writing")
struct ReadWriteTests {
  @Test("what was written is read, at any offset", arguments: [0, 1, 4095, 4096, 4097, 100_000], [1, 4095, 4096, 4097, 20_000])
  func roundTrip(offset: Int, count: Int) throws {
    try withTree(fragmenting: true) { tree in
      let file = try tree.file("f")
      #expect(try tree.write(pattern(count), to: file, at: UInt64(offset)) == count)
      #expect(try tree.read(file) == zeros(offset) + pattern(count))
      #expect(try tree.attributes(file).size == UInt64(offset + count))
    }
  }

  @Test("a write in the middle keeps what is around it")
  func overwrite() throws {
    try withTree(fragmenting: true) { tree in
      let file = try tree.file("f")
      var expected = pattern(30_000)
      try tree.write(expected, to: file)
      for (offset, count) in [(5, 10), (4090, 12), (8192, 4096), (10_000, 15_000), (29_990, 20)] {
        let change = pattern(count, seed: offset)
        try tree.write(change, to: file, at: UInt64(offset))
        expected.replaceSubrange(offset..<min(expected.count, offset + count), with: change)
        #expect(try tree.read(file) == expected)
      }
      #expect(try tree.attributes(file).blocks == 8 * 8)
    }
  }

  @Test("holes take no frames and read as zeros")
  func holes() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write([7], to: file, at: 1_000_000)
      #expect(try tree.attributes(file).blocks == 8)
      #expect(try tree.read(file, at: 0, count: 100_000) == zeros(100_000))
      #expect(try tree.read(file, at: 999_999, count: 100) == [0, 7])
      #expect(tree.freeFrames == 63)
    }
  }

  @Test("nothing is read at the end and beyond it", arguments: [10, 11, 5000, 1 << 62, UInt64.max] as [UInt64])
  func end(offset: UInt64) throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(10), to: file)
      #expect(try tree.read(file, at: offset) == [])
    }
  }

  @Test("a file may reach to 2^63 - 1 bytes and not beyond")
  func largest() throws {
    try withTree { tree in
      let file = try tree.file("f")
      let last = UInt64(Int64.max) - 10
      #expect(try tree.write(pattern(10), to: file, at: last) == 10)
      #expect(try tree.attributes(file).size == UInt64(Int64.max))
      #expect(try tree.read(file, at: last - 3, count: 100) == zeros(3) + pattern(10))
      #expect(throws: FileSystemError.tooLarge) { try tree.write(pattern(11), to: file, at: last) }
      #expect(throws: FileSystemError.tooLarge) { try tree.write([1], to: file, at: UInt64.max) }
      #expect(throws: FileSystemError.tooLarge) { try tree.truncate(file, to: UInt64(Int64.max) + 1) }
      #expect(throws: FileSystemError.tooLarge) { try tree.allocate(file, at: last, count: 11) }
      try tree.punch(file, at: last, count: 10)
      #expect(try tree.read(file, at: last, count: 10) == zeros(10))
      try tree.truncate(file, to: 0)
      #expect(tree.freeFrames == 64)
    }
  }

  @Test("a write that finds space for a part says how much it wrote")
  func partialWrite() throws {
    try withTree(frames: 4) { tree in
      let file = try tree.file("f")
      #expect(try tree.write(pattern(5 * 4096), to: file, at: 100) == 4 * 4096 - 100)
      #expect(try tree.read(file) == zeros(100) + pattern(4 * 4096 - 100))
      #expect(throws: FileSystemError.noSpace) { try tree.write([1], to: file, at: 4 * 4096) }
      // Blocks that have a frame can still be written.
      #expect(try tree.write([9], to: file, at: 0) == 1)
    }
  }

  @Test("writing nothing changes nothing")
  func empty() throws {
    try withTree { tree in
      let file = try tree.file("f", permissions: 0o6755)
      let before = try tree.attributes(file)
      tree.clock.advance(1)
      #expect(try tree.write([], to: file, at: 5000, by: Tree.user) == 0)
      let after = try tree.attributes(file)
      #expect(after.size == 0 && after.modified == before.modified && after.mode == before.mode)
    }
  }

  @Test("directories are not read or written, nor are other files")
  func kinds() throws {
    try withTree { tree in
      #expect(throws: FileSystemError.isDirectory) { try tree.read(.root) }
      #expect(throws: FileSystemError.isDirectory) { try tree.write([1], to: .root) }
      let fifo = try tree.fileSystem.makeNode(tree.name("p"), in: .root, mode: FileMode(0o010644), device: 0, by: Tree.root)
      #expect(throws: FileSystemError.invalid) { try tree.read(fifo.attributes.inode) }
    }
  }

  @Test("a new block goes to another frame if one can't be written, and that one is never used again")
  func failingWrite() throws {
    try withTree { tree in
      for round in 1...10 {
        let file = try tree.file("f\(round)")
        tree.frames.callsUntilFailure = (.write, 0)
        #expect(try tree.write(pattern(5000), to: file) == 5000)
        #expect(tree.frames.callsUntilFailure == nil)
        #expect(try tree.read(file) == pattern(5000))
        #expect(tree.frames.retired == round)
        #expect(tree.fileSystem.statistics.blocks == UInt64(64 - round))
        #expect(tree.freeFrames == UInt64(64 - round - 2 * round))
      }
    }
  }

  @Test("a block that can't be rewritten is an error that tells where; its frame goes when the file does")
  func failingRewrite() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(20_000), to: file)
      tree.frames.callsUntilFailure = (.write, 0)
      #expect(throws: FileSystemError.inaccessible(FrameNumber(0), .io)) { try tree.write(pattern(20_000), to: file) }
      let attempt = try #require(tree.fileSystem.lastAttempt)
      #expect(attempt.inode == file && attempt.offset == 0 && attempt.operation.bytes.elementsEqual("write".utf8))
      #expect(tree.frames.retired == 0)
      try tree.truncate(file, to: 0)
      #expect(tree.frames.retired == 1 && tree.fileSystem.statistics.freeBlocks == 63)
    }
  }

  @Test("a block that lost its data is an error that tells where")
  func damagedRead() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(5 * 4096), to: file)
      try tree.punch(file, at: 4096, count: 4096)
      tree.frames.callsUntilFailure = (.read, 1)
      #expect(throws: FileSystemError.damaged(FrameNumber(2))) { try tree.read(file) }
      let attempt = try #require(tree.fileSystem.lastAttempt)
      #expect(attempt.inode == file && attempt.offset == 8192 && attempt.operation.bytes.elementsEqual("read".utf8))
      try tree.unlink("f")
      tree.fileSystem.forget(file, count: 1)
      #expect(tree.frames.retired == 1 && tree.fileSystem.statistics.freeBlocks == 63)
    }
  }

  @Test("appending makes one extent of runs that adjoin")
  func joining() throws {
    try withTree { tree in
      let file = try tree.file("f")
      for block in 0..<50 { try tree.write(pattern(4096), to: file, at: UInt64(block * 4096)) }
      #expect(tree.fileSystem.extents.mapForTests.count == 1)
      try tree.punch(file, at: 20 * 4096, count: 4096)
      #expect(tree.fileSystem.extents.mapForTests.count == 2)
      try tree.write(pattern(4096), to: file, at: 20 * 4096)
      #expect(tree.fileSystem.extents.mapForTests.count == 1)
    }
  }
}
