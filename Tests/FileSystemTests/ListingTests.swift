import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Listing")
struct ListingTests {
  /// The next entries of a directory, at most `count`, and the position after them.
  private func list(
    _ tree: Tree, _ directory: InodeNumber = .root, after position: UInt64, count: Int
  ) throws -> (names: [String], position: UInt64) {
    var names: [String] = []
    var position = position
    try tree.fileSystem.list(directory, after: position) { listed in
      guard names.count < count else { return false }
      names.append(String(decoding: listed.name, as: UTF8.self))
      position = listed.position
      return true
    }
    return (names, position)
  }

  @Test("every entry is listed once, dots first, whatever the pieces", arguments: [1, 2, 3, 50, 1000])
  func pieces(count: Int) throws {
    try withTree { tree in
      let directory = try tree.directory("d")
      for index in 0..<100 { tree.fileSystem.forget(try tree.file("file\(index)", in: directory), count: 1) }
      var names: [String] = []
      var position: UInt64 = 0
      while true {
        let piece = try list(tree, directory, after: position, count: count)
        if piece.names.isEmpty { break }
        names += piece.names
        position = piece.position
      }
      #expect(names.count == 102)
      #expect(Array(names.prefix(2)) == [".", ".."])
      #expect(Set(names.dropFirst(2)) == Set((0..<100).map { "file\($0)" }))
    }
  }

  @Test("what stays is listed exactly once while others come and go")
  func changes() throws {
    try withTree { tree in
      for index in 0..<60 { _ = try tree.file("stays\(index)") }
      for index in 0..<60 { _ = try tree.file("goes\(index)") }
      var names: [String] = []
      var position: UInt64 = 0
      var round = 0
      while true {
        let piece = try list(tree, after: position, count: 7)
        if piece.names.isEmpty { break }
        names += piece.names
        position = piece.position
        for index in 0..<5 where round * 5 + index < 60 {
          try tree.unlink("goes\(round * 5 + index)")
          _ = try tree.file("comes\(round * 5 + index)")
        }
        round += 1
      }
      let stayed = names.filter { $0.hasPrefix("stays") }
      #expect(stayed.count == 60 && Set(stayed).count == 60)
      #expect(Set(names).count == names.count)
    }
  }

  @Test("an entry that is replaced or exchanged is still listed once")
  func replaced() throws {
    try withTree { tree in
      for index in 0..<20 { _ = try tree.file("f\(index)") }
      let first = try list(tree, after: 0, count: 10)
      let seen = first.names[5]
      let unseen = try list(tree, after: first.position, count: 5).names[3]
      try tree.rename(seen, to: unseen, .exchange)
      let rest = try list(tree, after: first.position, count: 100)
      #expect(Set(first.names + rest.names).count == 22)
    }
  }

  @Test("a listing goes on from every position it gave, also when that entry is gone")
  func seeking() throws {
    try withTree { tree in
      for index in 0..<20 { _ = try tree.file("f\(index)") }
      let all = try list(tree, after: 0, count: 100).names
      for count in 1...21 {
        let part = try list(tree, after: 0, count: count)
        let rest = try list(tree, after: part.position, count: 100)
        #expect(part.names + rest.names == all)
      }
      let part = try list(tree, after: 0, count: 10)
      try tree.unlink(part.names[9])
      #expect(try list(tree, after: part.position, count: 100).names == Array(all[10...]))
    }
  }

  @Test("listed inodes and types are those of the files, and a listing can refer to them")
  func referencing() throws {
    try withTree { tree in
      let directory = try tree.directory("d")
      let inner = try tree.directory("inner", in: directory)
      var found: [String: (InodeNumber, Bool)] = [:]
      try tree.fileSystem.list(directory, after: 0) { listed in
        found[String(decoding: listed.name, as: UTF8.self)] = (listed.inode, listed.mode.isDirectory)
        _ = tree.fileSystem.reference(listed)
        return true
      }
      #expect(found["."]! == (directory, true) && found[".."]! == (.root, true) && found["inner"]! == (inner, true))
      try tree.removeDirectory("inner", in: directory)
      tree.fileSystem.forget(inner, count: 1)
      #expect(try tree.attributes(inner).links == 0)
      tree.fileSystem.forget(inner, count: 1)
      #expect(throws: FileSystemError.stale) { try tree.attributes(inner) }
    }
  }

  @Test("positions are what off_t can say")
  func positions() throws {
    try withTree { tree in
      for index in 0..<50 { _ = try tree.file("f\(index)") }
      try tree.fileSystem.list(.root, after: 0) { listed in
        #expect(listed.position > 0 && listed.position <= UInt64(Int64.max))
        return true
      }
      #expect(try list(tree, after: UInt64.max, count: 10).names == [])
    }
  }
}
