import Platform
import Testing

@testable import FileSystem
@testable import FileSystemModel

/// The flags of chattr(1), and the requests that they forbid.
@Suite("Flags")
struct FlagsTests {
  private static let all: FileFlags = [.immutable, .append, .noDump, .noAccessTime]
  private let fixing: FileFlags = [.immutable, .append]

  private static func attribute(_ name: String) throws -> AttributeName { try AttributeName(Array(name.utf8)) }

  private func refuse(
    with error: FileSystemError = .notPermitted, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
  ) {
    #expect(throws: error, sourceLocation: sourceLocation) { try body() }
  }

  /// Runs with flags on a file or directory, then removes the flags.
  private func with(_ flags: FileFlags, on number: InodeNumber, of tree: Tree, _ body: () throws -> Void) throws {
    try tree.fileSystem.setFlags(of: number, to: flags)
    try body()
    try tree.fileSystem.setFlags(of: number, to: [])
  }

  private func open(_ tree: Tree, _ file: InodeNumber, for access: OpenAccess) throws {
    tree.fileSystem.close(file, try tree.fileSystem.open(file, for: access, isStream: false, by: Tree.root))
  }

  @Test("are numbered as the kernel numbers them")
  func words() throws {
    // FS_IMMUTABLE_FL and the like, and FS_XFLAG_IMMUTABLE and the like (linux/fs.h).
    let numbers: [(FileFlags, UInt32, UInt32)] = [
      (.immutable, 0x10, 0x08), (.append, 0x20, 0x10), (.noDump, 0x40, 0x80), (.noAccessTime, 0x80, 0x40), (Self.all, 0xf0, 0xd8),
      ([], 0, 0),
    ]
    for (flags, word, extended) in numbers {
      #expect(flags.word == word && flags.extendedWord == extended)
      #expect(try FileFlags(word: word) == flags)
      #expect(try FileFlags(extendedWord: extended) == flags)
    }
    for bit in 0..<32 where !(4..<8).contains(bit) {
      #expect(throws: FileSystemError.unsupported) { try FileFlags(word: 0x10 | 1 << bit) }
    }
    for bit in 0..<32 where ![3, 4, 6, 7].contains(bit) {
      #expect(throws: FileSystemError.unsupported) { try FileFlags(extendedWord: 0x08 | 1 << bit) }
    }
  }

  @Test("that are set are shown, change the inode, and are told to the kernel")
  func setting() throws {
    try withTree { tree in
      let file = try tree.file("f")
      #expect(try tree.fileSystem.flags(of: file) == [])
      tree.clock.advance(1)
      try tree.fileSystem.setFlags(of: file, to: [.append, .noDump])
      #expect(try tree.fileSystem.flags(of: file) == [.append, .noDump])
      #expect(try tree.attributes(file).changed == tree.clock.time)
      #expect(tree.fileSystem.changedUnseen == file)
      tree.fileSystem.changedUnseen = nil
    }
  }

  @Test("two of which what is new has of its directory")
  func inheritance() throws {
    try withTree { tree in
      let directory = try tree.directory("d")
      try tree.fileSystem.setFlags(of: directory, to: [.append, .noDump, .noAccessTime])
      let new = [
        try tree.file("f", in: directory), try tree.directory("sub", in: directory),
        try tree.fileSystem.makeLink(tree.name("l"), in: directory, target: [1], by: Tree.root).attributes.inode,
        try tree.fileSystem.makeUnnamed(in: directory, permissions: 0o600, by: Tree.root).attributes.inode,
      ]
      for number in new { #expect(try tree.fileSystem.flags(of: number) == [.noDump, .noAccessTime]) }
      try tree.fileSystem.setFlags(of: directory, to: .noDump)
      try tree.rename("f", in: directory, to: "g", .whiteout)
      #expect(try tree.fileSystem.flags(of: tree.find("f", in: directory)) == .noDump)
      #expect(try tree.fileSystem.flags(of: new[0]) == [.noDump, .noAccessTime])
    }
  }

  @Test("keep attributes and names of a file", arguments: [FileFlags.immutable, .append])
  func fixing(_ flags: FileFlags) throws {
    try withTree { tree in
      let file = try tree.file("f")
      _ = try tree.file("other")
      try tree.fileSystem.setAttribute(Self.attribute("user.a"), of: file, to: [1], [], by: Tree.root)
      try with(flags, on: file, of: tree) {
        let before = try tree.attributes(file)
        refuse { try tree.set(file) { $0.permissions = 0o600 } }
        refuse { try tree.set(file) { $0.uid = 1 } }
        refuse { try tree.set(file) { $0.gid = 1 } }
        refuse { try tree.set(file) { $0.accessed = .time(before.accessed) } }
        refuse { try tree.set(file) { $0.modified = .now } }
        refuse { try tree.truncate(file, to: 0) }
        refuse { try tree.fileSystem.setAttribute(Self.attribute("user.b"), of: file, to: [1], [], by: Tree.root) }
        refuse { try tree.fileSystem.removeAttribute(Self.attribute("user.a"), of: file) }
        refuse { try tree.fileSystem.setAttribute(.accessList(isDefault: false), of: file, to: [2, 0, 0, 0], [], by: Tree.root) }
        refuse { try tree.fileSystem.removeAttribute(.accessList(isDefault: false), of: file) }
        refuse { try tree.link(file, as: "g") }
        refuse { try tree.unlink("f") }
        refuse { try tree.rename("f", to: "g") }
        refuse { try tree.rename("other", to: "f") }
        refuse { try tree.rename("other", to: "f", .exchange) }
        refuse { try tree.rename("f", to: "other", .exchange) }
        try tree.rename("f", to: "f")
        #expect(try tree.names() == ["f", "other"])
        #expect(try tree.attributes(file).changed == before.changed)
      }
      try tree.unlink("f")
    }
  }

  @Test("let both times be set to the present where data is only added")
  func touching() throws {
    try withTree { tree in
      let file = try tree.file("f")
      let touch = { try tree.set(file) { ($0.accessed, $0.modified) = (.now, .now) } }
      try with(.append, on: file, of: tree, touch)
      try with(.immutable, on: file, of: tree) { refuse { try touch() } }
    }
  }

  @Test("decide how a file may be opened")
  func opening() throws {
    try withTree { tree in
      let file = try tree.file("f")
      let accesses: [(OpenAccess, immutable: Bool, append: Bool)] = [
        ([], true, true), (.appending, true, true), (.writing, false, false), ([.writing, .appending], false, true),
        (.truncating, false, false), ([.writing, .appending, .truncating], false, false),
      ]
      for (access, immutable, append) in accesses {
        for (flags, isAllowed) in [(FileFlags.immutable, immutable), (.append, append), (fixing, immutable && append)] {
          try with(flags, on: file, of: tree) {
            if isAllowed { try open(tree, file, for: access) } else { refuse { try open(tree, file, for: access) } }
          }
        }
      }
    }
  }

  @Test("leave what is open to be written to, and reserved or cut as a tmpfs does")
  func openFiles() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try with(.immutable, on: file, of: tree) {
        try tree.write(pattern(100), to: file)
        try tree.truncate(file, to: 50, isOpen: true)
        refuse { try tree.allocate(file, at: 0, count: 1) }
      }
      try with(.append, on: file, of: tree) {
        try tree.write(pattern(100), to: file)
        refuse { try tree.truncate(file, to: 50, isOpen: true) }
        try tree.allocate(file, at: 0, count: 200)
        try tree.allocate(file, at: 0, count: 9000, .keepSize)
        refuse { try tree.punch(file, at: 0, count: 1) }
        // As the kernel has it, this comes before what it does not know.
        refuse { try tree.allocate(file, at: 0, count: 1, AllocateMode(rawValue: 16)) }
      }
      #expect(try tree.attributes(file).size == 200)
    }
  }

  @Test("let nothing be overwritten through what was opened to add")
  func adding() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(10), to: file)
      let add = { (offset: UInt64) in
        try [UInt8](repeating: 7, count: 3).withUnsafeBytes {
          _ = try tree.fileSystem.write(file, at: offset, $0, appending: true, by: Tree.root)
        }
      }
      refuse { try add(0) }
      refuse { try add(9) }
      try add(10)
      #expect(try tree.read(file) == pattern(10) + [7, 7, 7])
    }
  }

  @Test("keep names in a directory", arguments: [FileFlags.immutable, .append])
  func directories(_ flags: FileFlags) throws {
    try withTree { tree in
      let directory = try tree.directory("d")
      _ = try tree.file("old", in: directory)
      _ = try tree.directory("sub", in: directory)
      _ = try tree.file("f")
      try tree.fileSystem.setFlags(of: directory, to: flags)
      refuse { try tree.unlink("old", in: directory) }
      refuse { try tree.removeDirectory("sub", in: directory) }
      refuse { try tree.rename("old", in: directory, to: "new", into: directory) }
      refuse { try tree.rename("old", in: directory, to: "new", .whiteout) }
      refuse { try tree.rename("f", to: "old", into: directory) }
      refuse { try tree.rename("f", to: "old", into: directory, .exchange) }
      refuse { try tree.rename("old", in: directory, to: "f", .exchange) }
      refuse { try tree.rename("d", to: "e") }
      refuse { try tree.removeDirectory("d") }
      #expect(try tree.names(in: directory) == ["old", "sub"])
      refuse(with: .exists) { _ = try tree.file("old", in: directory) }
      refuse(with: .noEntry) { try tree.unlink("none", in: directory) }
    }
  }

  @Test("let nothing be added to an immutable directory")
  func additions() throws {
    try withTree { tree in
      let directory = try tree.directory("d")
      let file = try tree.file("f")
      try tree.fileSystem.setFlags(of: directory, to: .immutable)
      refuse { _ = try tree.file("new", in: directory) }
      refuse { _ = try tree.directory("new", in: directory) }
      refuse { _ = try tree.fileSystem.makeLink(tree.name("new"), in: directory, target: [1], by: Tree.root) }
      refuse { _ = try tree.fileSystem.makeUnnamed(in: directory, permissions: 0o600, by: Tree.root) }
      refuse { try tree.link(file, as: "new", in: directory) }
      refuse { try tree.rename("f", to: "new", into: directory) }
      try tree.fileSystem.setFlags(of: directory, to: .append)
      _ = try tree.file("new", in: directory)
      try tree.link(file, as: "link", in: directory)
      try tree.rename("f", to: "moved", into: directory)
      #expect(try tree.names(in: directory) == ["link", "moved", "new"])
    }
  }

  @Test("keep the time of access, also with strictatime")
  func accessTimes() throws {
    var limits = MountLimits()
    limits.accessTimes = .always
    try withTree(limits: limits) { tree in
      let file = try tree.file("f")
      try tree.write(pattern(10), to: file)
      try with(.noAccessTime, on: file, of: tree) {
        let before = try tree.attributes(file).accessed
        tree.clock.advance(100)
        _ = try tree.fileSystem.bytes(of: file, at: 0, count: 1, touching: true)
        #expect(try tree.attributes(file).accessed == before)
      }
      _ = try tree.fileSystem.bytes(of: file, at: 0, count: 1, touching: true)
      #expect(try tree.attributes(file).accessed == tree.clock.time)
    }
  }
}
