import Frames
import Testing

@testable import FileSystem
@testable import FileSystemModel

/// Runs a pass to its end. Returns the errors on the way.
private func errors(in tree: Tree) -> [FileSystemError] {
  var errors: [FileSystemError] = []
  while true {
    do { if try !tree.fileSystem.scrubNext() { return errors } } catch { errors.append(error) }
  }
}

/// The frames of a file's written blocks, in the order of blocks.
private func frames(of file: InodeNumber, in tree: Tree) -> [UInt64] {
  tree.fileSystem.extents.mapForTests.all.filter { $0.key.owner == file.handle }.map(Extent.init).filter { !$0.isReserved }
    .flatMap { extent in extent.blocks.map { extent.frame(of: $0).rawValue } }
}

@Suite("A scrub")
struct ScrubTests {
  @Test("checks each written block once in a pass, and nothing that is a hole or only reserved", arguments: [false, true])
  func pass(fragmenting: Bool) throws {
    try withTree(fragmenting: fragmenting) { tree in
      var files: [InodeNumber] = []
      for name in ["a", "b", "c"] {
        let file = try tree.file(name)
        files.append(file)
        try tree.write(pattern(3 * frameSize), to: file)
        try tree.write(pattern(100), to: file, at: UInt64(20 * frameSize))
        try tree.allocate(file, at: UInt64(8 * frameSize), count: UInt64(5 * frameSize))
        try tree.write([1], to: file, at: UInt64(10 * frameSize))
      }
      let expected = files.flatMap { frames(of: $0, in: tree) }
      #expect(expected.count == 15)
      for round in 1...2 as ClosedRange<UInt64> {
        tree.frames.checked = []
        #expect(errors(in: tree) == [])
        #expect(tree.frames.checked == expected)
        #expect(tree.fileSystem.scrubs == round)
      }
    }
  }

  @Test("ends at once where there is no file, and says so")
  func nothing() throws {
    try withTree { tree in
      #expect(!tree.fileSystem.hasFrames)
      #expect(try !tree.fileSystem.scrubNext())
      let file = try tree.file("a")
      try tree.write([1], to: file)
      #expect(tree.fileSystem.hasFrames)
      try tree.unlink("a")
      // The kernel has not forgotten it yet.
      #expect(tree.fileSystem.hasFrames)
      #expect(try tree.fileSystem.scrubNext() && tree.frames.checked.count == 1)
    }
  }

  @Test("names the file and the place of what is damaged, and goes on behind it")
  func damage() throws {
    try withTree { tree in
      let (first, second) = (try tree.file("a"), try tree.file("b"))
      try tree.write(pattern(2 * frameSize), to: first)
      try tree.write(pattern(4 * frameSize), to: second, at: UInt64(frameSize))
      let frame = frames(of: second, in: tree)[1]
      // Two blocks of the first file, one of the second.
      tree.frames.callsUntilFailure = (.check, 3)
      #expect(errors(in: tree) == [.damaged(FrameNumber(frame))])
      #expect(tree.frames.checked == frames(of: first, in: tree) + frames(of: second, in: tree))
      let attempt = try #require(tree.fileSystem.lastAttempt)
      #expect(attempt.inode == second && attempt.offset == UInt64(2 * frameSize))
      #expect(errors(in: tree) == [], "it is told once")
    }
  }

  @Test("goes on from its place, whatever has changed since")
  func changes() throws {
    try withTree { tree in
      let files = try ["a", "b", "c", "d"].map { try tree.file($0) }
      for file in files { try tree.write(pattern(4 * frameSize), to: file) }
      for _ in 0..<6 { #expect(try tree.fileSystem.scrubNext()) }
      // Its place is in the middle of b.
      try tree.truncate(files[1], to: UInt64(frameSize))
      try tree.unlink("c")
      tree.fileSystem.forget(files[2], count: 1)
      try tree.punch(files[3], at: UInt64(frameSize), count: UInt64(frameSize))
      tree.frames.checked = []
      #expect(errors(in: tree) == [])
      #expect(tree.frames.checked == frames(of: files[3], in: tree))
    }
  }
}
