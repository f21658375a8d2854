import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Truncating")
struct TruncateTests {
  @Test("what was cut off is zeros when the file grows again", arguments: [0, 1, 4095, 4096, 4097, 9999])
  func shrinkAndGrow(size: Int) throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(10_000), to: file)
      try tree.truncate(file, to: UInt64(size))
      #expect(try tree.read(file) == Array(pattern(10_000)[0..<size]))
      #expect(tree.freeFrames == 64 - UInt64((size + 4095) / 4096))
      try tree.truncate(file, to: 20_000)
      #expect(try tree.read(file) == pattern(10_000)[0..<size] + zeros(20_000 - size))
    }
  }

  @Test("growing takes no frames")
  func growing() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.truncate(file, to: UInt64(Int64.max))
      #expect(try tree.attributes(file).blocks == 0)
      #expect(tree.freeFrames == 64)
    }
  }

  @Test("blocks reserved beyond the end go when the file is cut, also to the size it has", arguments: [0, 5000, 6000])
  func reservedBeyondTheEnd(size: UInt64) throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(6000), to: file)
      try tree.allocate(file, at: 0, count: 20 * 4096, .keepSize)
      #expect(tree.freeFrames == 44)
      try tree.truncate(file, to: size)
      #expect(tree.freeFrames == 64 - (size + 4095) / 4096)
      #expect(try tree.read(file) == Array(pattern(6000)[0..<Int(size)]))
    }
  }

  @Test("growing keeps blocks that were reserved")
  func growingReserved() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.allocate(file, at: 0, count: 10 * 4096, .keepSize)
      try tree.truncate(file, to: 5 * 4096)
      #expect(tree.freeFrames == 54)
      #expect(try tree.read(file) == zeros(5 * 4096))
    }
  }

  @Test("only regular files have a size to change")
  func kinds() throws {
    try withTree { tree in
      #expect(throws: FileSystemError.isDirectory) { try tree.truncate(.root, to: 0) }
      let link = try tree.fileSystem.makeLink(tree.name("l"), in: .root, target: [65], by: Tree.root).attributes.inode
      #expect(throws: FileSystemError.invalid) { try tree.truncate(link, to: 0) }
    }
  }

  @Test("a cut that can't clear the rest of the last block changes nothing")
  func failing() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(10_000), to: file)
      tree.frames.callsUntilFailure = (.write, 0)
      #expect(throws: (any Error).self) { try tree.truncate(file, to: 5000) }
      #expect(try tree.read(file) == pattern(10_000))
    }
  }
}
