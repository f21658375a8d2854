import Platform
import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Attributes")
struct AttributesTests {
  @Test("only what is named changes")
  func changes() throws {
    try withTree { tree in
      let file = try tree.file("f", permissions: 0o640)
      try tree.set(file) { $0.uid = 7 }
      try tree.set(file) { $0.gid = 8 }
      try tree.set(file) { $0.permissions = 0o4711 }
      try tree.set(file) { $0.accessed = .time(Time(seconds: -5, nanoseconds: 1)) }
      try tree.set(file) { $0.modified = .time(Time(seconds: 1 << 40, nanoseconds: 999_999_999)) }
      let attributes = try tree.attributes(file)
      #expect(attributes.uid == 7 && attributes.gid == 8)
      #expect(attributes.mode.rawValue == 0o104711)
      #expect(attributes.accessed == Time(seconds: -5, nanoseconds: 1))
      #expect(attributes.modified == Time(seconds: 1 << 40, nanoseconds: 999_999_999))
    }
  }

  @Test("now is now, and every change is one of the inode")
  func now() throws {
    try withTree { tree in
      let file = try tree.file("f")
      tree.clock.time = Time(seconds: 5_000_000, nanoseconds: 3)
      try tree.set(file) { $0.modified = .now }
      let attributes = try tree.attributes(file)
      #expect(attributes.modified == tree.clock.time && attributes.changed == tree.clock.time)
      #expect(attributes.accessed != tree.clock.time)
    }
  }

  @Test("a directory's size counts its entries, its times change with them")
  func directories() throws {
    try withTree { tree in
      let directory = try tree.directory("d")
      #expect(try tree.attributes(directory).size == 40)
      tree.clock.advance(1)
      _ = try tree.file("f", in: directory)
      #expect(try tree.attributes(directory).size == 60)
      #expect(try tree.attributes(directory).modified == tree.clock.time)
      tree.clock.advance(2)
      try tree.rename("f", in: directory, to: "g", into: directory)
      #expect(try tree.attributes(directory).changed == tree.clock.time)
      tree.clock.advance(3)
      try tree.unlink("g", in: directory)
      #expect(try tree.attributes(directory).modified == tree.clock.time)
      #expect(try tree.attributes(directory).size == 40)
    }
  }

  @Test("reading sets the time of access by relatime's rule")
  func relatime() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write(pattern(10), to: file)
      func accessed(after seconds: Int64) throws -> Bool {
        tree.clock.pass(seconds)
        _ = try tree.fileSystem.bytes(of: file, at: 0, count: 1, touching: true)
        return try tree.attributes(file).accessed == tree.clock.time
      }
      // An access time that is not after the last change, then a fresh one, then one a day old, then after a new change.
      #expect(try accessed(after: 1))
      #expect(try !accessed(after: 10))
      #expect(try accessed(after: 86_400))
      #expect(try !accessed(after: 86_399))
      try tree.write([1], to: file)
      #expect(try accessed(after: 0))
    }
  }

  @Test("with noatime no time of access changes")
  func noAccessTimes() throws {
    var limits = MountLimits()
    limits.accessTimes = .never
    try withTree(limits: limits) { tree in
      let file = try tree.file("f")
      try tree.write(pattern(10), to: file)
      let before = try tree.attributes(file).accessed
      tree.clock.pass(1_000_000)
      _ = try tree.fileSystem.bytes(of: file, at: 0, count: 1, touching: true)
      try tree.fileSystem.list(.root, after: 0) { _ in true }
      #expect(try tree.attributes(file).accessed == before)
    }
  }

  @Test("with strictatime each read changes the time of access, with nodiratime no directory's")
  func strictAccessTimes() throws {
    var limits = MountLimits()
    limits.accessTimes = .always
    try withTree(limits: limits) { tree in
      let file = try tree.file("f")
      try tree.write(pattern(10), to: file)
      // At the end of each, too.
      for position in [0, 0, 10] as [UInt64] {
        tree.clock.pass(1)
        _ = try tree.fileSystem.bytes(of: file, at: position, count: 1, touching: true)
        try tree.fileSystem.list(.root, after: position) { _ in true }
        #expect(try tree.attributes(file).accessed == tree.clock.time)
        #expect(try tree.attributes(.root).accessed == tree.clock.time)
      }
      let before = tree.clock.time
      tree.fileSystem.setAccessTimes(AccessTimes.always.withoutDirectories)
      tree.clock.pass(1)
      _ = try tree.fileSystem.bytes(of: file, at: 0, count: 1, touching: true)
      try tree.fileSystem.list(.root, after: 0) { _ in true }
      #expect(try tree.attributes(file).accessed == tree.clock.time)
      #expect(try tree.attributes(.root).accessed == before)
    }
  }

  @Test("blocks are counted in units of 512 bytes")
  func blocks() throws {
    try withTree { tree in
      let file = try tree.file("f")
      try tree.write([1], to: file, at: 100_000)
      try tree.write([1], to: file, at: 0)
      #expect(try tree.attributes(file).blocks == 16)
    }
  }

  @Test("a file keeps the time at which it was made, whatever becomes of it")
  func birth() throws {
    try withTree { tree in
      let born = tree.clock.time
      let file = try tree.file("f")
      tree.clock.pass(5)
      try tree.write(pattern(10), to: file)
      try tree.truncate(file, to: 3)
      try tree.rename("f", to: "g")
      let attributes = try tree.attributes(file)
      #expect(attributes.born == born && attributes.changed > born)
    }
  }
}
