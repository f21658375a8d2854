import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Names")
struct NamesTests {
  @Test("a made file is found, and another name is not")
  func lookUp() throws {
    try withTree { tree in
      let file = try tree.file("a")
      #expect(try tree.find("a") == file)
      #expect(throws: FileSystemError.noEntry) { try tree.find("b") }
      #expect(throws: FileSystemError.notDirectory) { try tree.find("a", in: file) }
    }
  }

  @Test("a name is there once")
  func exists() throws {
    try withTree { tree in
      _ = try tree.file("a")
      #expect(throws: FileSystemError.exists) { try tree.file("a") }
      #expect(throws: FileSystemError.exists) { try tree.directory("a") }
    }
  }

  @Test("names have 1 to 255 bytes of any value but '/' and NUL")
  func bytes() throws {
    #expect(throws: FileSystemError.nameTooLong) { try FileName(Array(repeating: 1, count: 256)) }
    #expect(throws: FileSystemError.invalid) { try FileName([]) }
    #expect(throws: FileSystemError.invalid) { try FileName([65, 0x2f]) }
    #expect(throws: FileSystemError.invalid) { try FileName([65, 0]) }
    try withTree { tree in
      for byte in UInt8(1)...255 where byte != 0x2f {
        for length in [1, 26, 27, 255] {
          let name = try FileName(Array(repeating: byte, count: length))
          if name.isDot { continue }
          let made = try tree.fileSystem.makeNode(name, in: .root, mode: FileMode(FileMode.regular), device: 0, by: Tree.root)
          #expect(try tree.fileSystem.lookUp(name, in: .root).attributes.inode == made.attributes.inode)
        }
      }
    }
  }

  @Test("names with equal hashes live beside each other, whichever goes first")
  func collisions() throws {
    for first in ["n2331996", "n3325157"] {
      try withTree { tree in
        let one = try tree.file("n2331996")
        let other = try tree.file("n3325157")
        #expect(tree.fileSystem.entries.mapForTests.all[1].key.position == tree.fileSystem.entries.mapForTests.all[0].key.position + 1)
        try tree.unlink(first)
        let left = first == "n2331996" ? "n3325157" : "n2331996"
        #expect(try tree.find(left) == (left == "n2331996" ? one : other))
        let new = try tree.file(first)
        #expect(try tree.find(first) == new)
        #expect(try tree.names() == ["n2331996", "n3325157"])
      }
    }
  }

  @Test("'.' and '..' are found, from the root as well")
  func dots() throws {
    try withTree { tree in
      let directory = try tree.directory("d")
      let fileSystem = tree.fileSystem
      #expect(try fileSystem.lookUp(.dot, in: directory).attributes.inode == directory)
      #expect(try fileSystem.lookUp(.dotDot, in: directory).attributes.inode == .root)
      #expect(try fileSystem.lookUp(.dotDot, in: .root).attributes.inode == .root)
      let file = try tree.file("f")
      #expect(try fileSystem.lookUp(.dot, in: file).attributes.inode == file)
      #expect(throws: FileSystemError.notDirectory) { try fileSystem.lookUp(.dotDot, in: file) }
    }
  }

  @Test("a removed directory takes no names, has no parent and lists nothing")
  func removedDirectory() throws {
    try withTree { tree in
      let outer = try tree.directory("outer")
      let inner = try tree.directory("inner", in: outer)
      let file = try tree.file("f")
      try tree.removeDirectory("inner", in: outer)
      try tree.removeDirectory("outer")
      // The parent's place in the table goes to another file, while the inner directory is still known.
      tree.fileSystem.forget(outer, count: 1)
      let other = try tree.file("other")
      #expect(other == outer)
      #expect(throws: FileSystemError.noEntry) { try tree.file("x", in: inner) }
      #expect(throws: FileSystemError.noEntry) { try tree.link(file, as: "x", in: inner) }
      #expect(throws: FileSystemError.noEntry) { try tree.rename("f", to: "x", into: inner) }
      #expect(throws: FileSystemError.noEntry) { try tree.fileSystem.lookUp(.dotDot, in: inner) }
      #expect(throws: FileSystemError.noEntry) { try tree.names(in: inner) }
      #expect(try tree.attributes(inner).links == 0)
    }
  }

  @Test("a symlink keeps its target, of 1 to 4095 bytes", arguments: [1, 26, 27, 250, 251, 4095])
  func symlinks(length: Int) throws {
    try withTree { tree in
      let target = pattern(length)
      let link = try tree.fileSystem.makeLink(tree.name("l"), in: .root, target: target, by: Tree.user)
      #expect(try tree.fileSystem.readLink(link.attributes.inode) == target)
      #expect(link.attributes.size == UInt64(length))
      #expect(link.attributes.mode.rawValue == FileMode.link | 0o777)
    }
  }

  @Test("a symlink to nothing, or to too much, is refused")
  func wrongSymlinks() throws {
    try withTree { tree in
      #expect(throws: FileSystemError.noEntry) { try tree.fileSystem.makeLink(tree.name("l"), in: .root, target: [], by: Tree.root) }
      #expect(throws: FileSystemError.nameTooLong) {
        try tree.fileSystem.makeLink(tree.name("l"), in: .root, target: pattern(4096), by: Tree.root)
      }
      #expect(throws: FileSystemError.invalid) { try tree.fileSystem.readLink(tree.file("f")) }
    }
  }

  @Test("a device node keeps its number")
  func device() throws {
    try withTree { tree in
      let made = try tree.fileSystem.makeNode(tree.name("null"), in: .root, mode: FileMode(0o020666), device: 0x103, by: Tree.root)
      #expect(made.attributes.device == 0x103)
      #expect(made.attributes.mode.rawValue == 0o020666)
      #expect(throws: FileSystemError.invalid) { try tree.write([1], to: made.attributes.inode) }
    }
  }

  @Test("a directory is removed only when it is empty, and only as a directory")
  func removing() throws {
    try withTree { tree in
      let directory = try tree.directory("d")
      _ = try tree.file("f", in: directory)
      #expect(throws: FileSystemError.notEmpty) { try tree.removeDirectory("d") }
      #expect(throws: FileSystemError.isDirectory) { try tree.unlink("d") }
      #expect(throws: FileSystemError.notDirectory) { try tree.removeDirectory("f", in: directory) }
      try tree.unlink("f", in: directory)
      try tree.removeDirectory("d")
      #expect(throws: FileSystemError.noEntry) { try tree.find("d") }
    }
  }

  @Test("in a set-group-ID directory files have its group, and directories the bit as well")
  func setGroup() throws {
    try withTree { tree in
      let shared = try tree.directory("shared", permissions: 0o2775)
      try tree.set(shared) { $0.gid = 300 }
      let file = try tree.attributes(tree.file("f", in: shared, permissions: 0o2755, by: Tree.user))
      #expect(file.gid == 300 && file.uid == 1000)
      // The user is not in group 300.
      #expect(file.mode.permissions == 0o755)
      let directory = try tree.attributes(tree.directory("d", in: shared, by: Tree.user))
      #expect(directory.gid == 300)
      #expect(directory.mode.permissions == 0o2755)
      try tree.set(shared) { $0.gid = 200 }
      #expect(try tree.mode(tree.file("g", in: shared, permissions: 0o2755, by: Tree.user)) == 0o2755)
    }
  }

  @Test("the umask takes bits from new files, not from symlinks")
  func umask() throws {
    try withTree { tree in
      let caller = Caller(uid: 1000, gid: 100, umask: 0o027)
      #expect(try tree.mode(tree.file("f", permissions: 0o4666, by: caller)) == 0o4640)
      #expect(try tree.mode(tree.directory("d", permissions: 0o777, by: caller)) == 0o750)
      let link = try tree.fileSystem.makeLink(tree.name("l"), in: .root, target: [65], by: caller)
      #expect(link.attributes.mode.permissions == 0o777)
    }
  }
}
