import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Seeking data and holes")
struct SeekTests {
  /// Data in blocks 2, 3 and 5, reserved blocks 6 and 7, an end in block 9.
  private func withFile(_ body: (Tree, InodeNumber) throws -> Void) throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(2 * 4096), to: file, at: 2 * 4096)
      try tree.write([1], to: file, at: 5 * 4096)
      try tree.allocate(file, at: 6 * 4096, count: 2 * 4096)
      try tree.truncate(file, to: 9 * 4096 + 7)
      try body(tree, file)
    }
  }

  @Test(
    "data is found at or after an offset",
    arguments: [
      (0, 2 * 4096), (2 * 4096 - 1, 2 * 4096), (2 * 4096 + 5, 2 * 4096 + 5), (4 * 4096, 5 * 4096), (6 * 4096 - 1, 6 * 4096 - 1),
    ] as [(UInt64, UInt64)])
  func data(from offset: UInt64, to expected: UInt64) throws {
    try withFile { tree, file in
      let found = try tree.fileSystem.seek(.data, in: file, from: offset)
      #expect(found == expected)
    }
  }

  @Test(
    "a hole is found at or after an offset; reserved blocks are one, and the end is",
    arguments: [
      (0, 0), (100, 100), (2 * 4096, 4 * 4096), (5 * 4096 + 9, 6 * 4096), (7 * 4096 + 1, 7 * 4096 + 1), (9 * 4096 + 6, 9 * 4096 + 6),
    ] as [(UInt64, UInt64)])
  func holes(from offset: UInt64, to expected: UInt64) throws {
    try withFile { tree, file in
      let found = try tree.fileSystem.seek(.hole, in: file, from: offset)
      #expect(found == expected)
    }
  }

  @Test("after the last data there is none, and beyond the end nothing")
  func none() throws {
    try withFile { tree, file in
      #expect(throws: FileSystemError.noData) { try tree.fileSystem.seek(.data, in: file, from: 6 * 4096) }
      #expect(throws: FileSystemError.noData) { try tree.fileSystem.seek(.hole, in: file, from: 9 * 4096 + 7) }
      #expect(throws: FileSystemError.noData) { try tree.fileSystem.seek(.data, in: file, from: UInt64.max) }
    }
  }

  @Test("the end of a file full of data is its hole")
  func full() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(5000), to: file)
      #expect(try tree.fileSystem.seek(.hole, in: file, from: 10) == 5000)
    }
  }
}
