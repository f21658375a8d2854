import Platform
import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Opening")
struct OpensTests {
  private func open(_ tree: Tree, _ file: InodeNumber, isStream: Bool, mixing: Bool = false) throws -> OpenKind {
    try tree.fileSystem.open(file, isStream: isStream, mixing: mixing, by: Tree.root)
  }

  @Test("a stream bypasses the cache, and others go through it")
  func kinds() throws {
    try withTree { tree in
      let file = try tree.file("f")
      #expect(try open(tree, file, isStream: false) == .cached)
      tree.fileSystem.close(file, .cached)
      #expect(try open(tree, file, isStream: true) == .direct)
    }
  }

  @Test("while a file is open one way it is opened the same way")
  func same() throws {
    try withTree { tree in
      let file = try tree.file("f")
      #expect(try open(tree, file, isStream: true) == .direct)
      #expect(try open(tree, file, isStream: false) == .direct)
      tree.fileSystem.close(file, .direct)
      #expect(try open(tree, file, isStream: false) == .direct)
      tree.fileSystem.close(file, .direct)
      tree.fileSystem.close(file, .direct)
      // The cache has older data.
      #expect(try open(tree, file, isStream: false) == .cachedAnew)
      #expect(try open(tree, file, isStream: true) == .cached)
      tree.fileSystem.close(file, .cachedAnew)
      tree.fileSystem.close(file, .cached)
      #expect(try open(tree, file, isStream: false) == .cached)
    }
  }

  @Test("the kernel that asks for flags leaves its cache, whose contents are still to be dropped")
  func asking() throws {
    try withTree { tree in
      let file = try tree.file("f")
      tree.fileSystem.close(file, try open(tree, file, isStream: true))
      let asking = try tree.fileSystem.open(file, for: .asking, isStream: false, by: Tree.root)
      tree.fileSystem.close(file, asking)
      #expect(try open(tree, file, isStream: false) == .cachedAnew)
    }
  }

  @Test("with strictatime the cache answers no open's reads")
  func strict() throws {
    var limits = MountLimits()
    limits.accessTimes = .always
    try withTree(limits: limits) { tree in
      let file = try tree.file("f")
      for _ in 0..<2 {
        #expect(try open(tree, file, isStream: false) == .cachedAnew)
        tree.fileSystem.close(file, .cachedAnew)
      }
    }
  }

  @Test("where the kernel keeps its cache in step, each opens as it likes")
  func mixing() throws {
    try withTree { tree in
      let file = try tree.file("f")
      #expect(try open(tree, file, isStream: false, mixing: true) == .cached)
      #expect(try open(tree, file, isStream: true, mixing: true) == .direct)
      #expect(try open(tree, file, isStream: false, mixing: true) == .cachedAnew)
    }
  }

  @Test("truncating on the way gives the frames back and sets the times")
  func truncating() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(9000), to: file)
      tree.clock.advance(1)
      _ = try tree.fileSystem.open(file, for: [.writing, .truncating], isStream: false, by: Tree.root)
      #expect(tree.freeFrames == 64)
      #expect(try tree.attributes(file).modified == tree.clock.time)
      tree.clock.advance(2)
      _ = try tree.fileSystem.open(file, for: [.writing, .truncating], isStream: false, by: Tree.root)
      #expect(try tree.attributes(file).modified == tree.clock.time)
    }
  }

  @Test("other files are not counted")
  func others() throws {
    try withTree { tree in
      let kind = try open(tree, .root, isStream: true)
      #expect(kind == .cached)
      tree.fileSystem.close(.root, .direct)
    }
  }
}
