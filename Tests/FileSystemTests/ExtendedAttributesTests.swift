import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Extended attributes")
struct ExtendedAttributesTests {
  private func name(_ name: String) throws -> AttributeName { try AttributeName(Array(name.utf8)) }

  @Test("a value is kept as it is", arguments: [0, 1, 26, 27, 250, 251, 500, 501, 65536])
  func values(length: Int) throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.fileSystem.setAttribute(name("user.a"), of: file, to: pattern(length), [], by: Tree.root)
      #expect(try tree.fileSystem.attribute(name("user.a"), of: file) == pattern(length))
      try tree.fileSystem.setAttribute(name("user.a"), of: file, to: [9], [], by: Tree.root)
      #expect(try tree.fileSystem.attribute(name("user.a"), of: file) == [9])
      #expect(tree.fileSystem.blobs.longForTests.count == 0)
    }
  }

  @Test("creating and replacing are checked, and too much is too much")
  func flags() throws {
    try withTree { tree in
      let fileSystem = tree.fileSystem
      let file = try tree.file("f")
      #expect(throws: FileSystemError.noAttribute) {
        try fileSystem.setAttribute(name("user.a"), of: file, to: [1], .replace, by: Tree.root)
      }
      try fileSystem.setAttribute(name("user.a"), of: file, to: [1], .create, by: Tree.root)
      #expect(throws: FileSystemError.exists) { try fileSystem.setAttribute(name("user.a"), of: file, to: [2], .create, by: Tree.root) }
      try fileSystem.setAttribute(name("user.a"), of: file, to: [2], .replace, by: Tree.root)
      #expect(try fileSystem.attribute(name("user.a"), of: file) == [2])
      #expect(throws: FileSystemError.attributeTooLarge) {
        try fileSystem.setAttribute(name("user.b"), of: file, to: zeros(65537), [], by: Tree.root)
      }
    }
  }

  @Test("removing takes one, and what is not there is an error")
  func removing() throws {
    try withTree { tree in
      let file = try tree.file("f")
      for attribute in ["user.a", "user.50996", "user.5176760"] {
        try tree.fileSystem.setAttribute(name(attribute), of: file, to: pattern(30), [], by: Tree.root)
      }
      // The last two have the same hash.
      try tree.fileSystem.removeAttribute(name("user.50996"), of: file)
      #expect(throws: FileSystemError.noAttribute) { try tree.fileSystem.removeAttribute(name("user.50996"), of: file) }
      #expect(try tree.fileSystem.attribute(name("user.5176760"), of: file) == pattern(30))
      #expect(try tree.fileSystem.attributeNames(of: file, by: Tree.root).count == 2)
      tree.fileSystem.forget(file, count: 1)
      try tree.unlink("f")
      #expect(tree.fileSystem.attributes.mapForTests.count == 0)
    }
  }

  @Test("only root sees trusted attributes in the list")
  func trusted() throws {
    try withTree { tree in
      let file = try tree.file("f")
      for attribute in ["user.a", "trusted.t", "security.s"] {
        try tree.fileSystem.setAttribute(name(attribute), of: file, to: [1], [], by: Tree.root)
      }
      #expect(try tree.fileSystem.attributeNames(of: file, by: Tree.user) == [Array("user.a".utf8), Array("security.s".utf8)])
      #expect(try tree.fileSystem.attributeNames(of: file, by: Tree.root).count == 3)
    }
  }

  @Test("names are in a name space that there is, and short enough")
  func names() throws {
    #expect(throws: FileSystemError.unsupported) { try name("other.a") }
    #expect(throws: FileSystemError.unsupported) { try name("system.other") }
    #expect(throws: FileSystemError.invalid) { try name("user.") }
    #expect(throws: FileSystemError.bufferTooSmall) { try name("user." + String(repeating: "n", count: 251)) }
  }
}
