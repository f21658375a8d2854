import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Privileges")
struct PrivilegesTests {
  /// Requests that remove set-user-ID from a file with data.
  enum Change: CaseIterable { case write, truncate, allocate, punch, open, chown }

  private func make(_ change: Change, to file: InodeNumber, in tree: Tree, by caller: Caller) throws {
    switch change {
    case .write: try tree.write([1], to: file, by: caller)
    case .truncate: try tree.truncate(file, to: 3, by: caller)
    case .allocate: try tree.allocate(file, at: 0, count: 10_000, by: caller)
    case .punch: try tree.punch(file, at: 0, count: 5, by: caller)
    case .open: _ = try tree.fileSystem.open(file, for: [.writing, .truncating], isStream: true, by: caller)
    case .chown: try tree.set(file, by: caller) { $0.gid = 200 }
    }
  }

  @Test(
    "a user's change takes set-user-ID and a program's set-group-ID, root's does not; capabilities go with either",
    arguments: Change.allCases)
  func taking(change: Change) throws {
    for isRoot in [true, false] {
      try withTree { tree in
        let file = try tree.file("f", permissions: 0o6755)
        try tree.write(pattern(100), to: file)
        try tree.fileSystem.setAttribute(.capability, of: file, to: [1, 2, 3], [], by: Tree.root)
        try make(change, to: file, in: tree, by: isRoot ? Tree.root : Tree.user)
        #expect(try tree.mode(file) == (isRoot ? 0o6755 : 0o755))
        #expect(try tree.fileSystem.attributeNames(of: file, by: Tree.root).isEmpty)
      }
    }
  }

  @Test("of a file that is no program, a member of its group keeps set-group-ID")
  func members() throws {
    try withTree { tree in
      let file = try tree.file("f", permissions: 0o2666)
      try tree.set(file) { $0.gid = 200 }
      try tree.write([1], to: file, by: Tree.user)
      #expect(try tree.mode(file) == 0o2666)
      try tree.set(file) { $0.gid = 300 }
      try tree.write([1], to: file, by: Tree.user)
      #expect(try tree.mode(file) == 0o666)
    }
  }
}
