import Frames
import Testing

@testable import FileSystem
@testable import FileSystemModel

/// A small file system with short forms of the requests that many tests make.
final class Tree {
  let fileSystem: FileSystem<TestStore>
  let clock = TestClock()

  static var root: Caller { Caller(uid: 0, gid: 0) }
  /// A user with a group of its own, who is also in group 200.
  static var user: Caller { Caller(uid: 1000, gid: 100, groups: { [200] }) }

  init(frames: Int, fragmenting: Bool, limits: MountLimits) throws {
    fileSystem = try FileSystem(on: TestStore(frames: frames, fragmenting: fragmenting), limits: limits) { [clock] in clock.time }
  }

  var frames: TestFrames { fileSystem.store.frames }
  var freeFrames: UInt64 { fileSystem.store.freeFrames }

  // MARK: Names

  func name(_ name: String) throws -> FileName { try FileName(Array(name.utf8)) }

  func file(
    _ name: String, in directory: InodeNumber = .root, permissions: UInt32 = 0o644, by caller: Caller = Tree.root
  ) throws -> InodeNumber {
    let mode = FileMode(FileMode.regular | permissions)
    return try fileSystem.makeNode(self.name(name), in: directory, mode: mode, device: 0, by: caller).attributes.inode
  }

  func directory(
    _ name: String, in directory: InodeNumber = .root, permissions: UInt32 = 0o755, by caller: Caller = Tree.root
  ) throws -> InodeNumber {
    try fileSystem.makeDirectory(self.name(name), in: directory, permissions: permissions, by: caller).attributes.inode
  }

  /// The inode of a name; its reference is released.
  func find(_ name: String, in directory: InodeNumber = .root) throws -> InodeNumber {
    let inode = try fileSystem.lookUp(self.name(name), in: directory).attributes.inode
    fileSystem.forget(inode, count: 1)
    return inode
  }

  func link(_ number: InodeNumber, as name: String, in directory: InodeNumber = .root) throws {
    _ = try fileSystem.link(number, as: self.name(name), in: directory)
    fileSystem.forget(number, count: 1)
  }

  func unlink(_ name: String, in directory: InodeNumber = .root) throws { try fileSystem.unlink(self.name(name), in: directory) }

  func removeDirectory(_ name: String, in directory: InodeNumber = .root) throws {
    try fileSystem.removeDirectory(self.name(name), in: directory)
  }

  func rename(
    _ old: String, in source: InodeNumber = .root, to new: String, into target: InodeNumber = .root, _ flags: RenameFlags = [],
    by caller: Caller = Tree.root
  ) throws {
    try fileSystem.rename(from: .init(name(old), in: source), to: .init(name(new), in: target), flags, by: caller)
  }

  /// The names in a directory, without dots, sorted.
  func names(in directory: InodeNumber = .root) throws -> [String] {
    var names: [String] = []
    try fileSystem.list(directory, after: 2) { listed in
      names.append(String(decoding: listed.name, as: UTF8.self))
      return true
    }
    return names.sorted()
  }

  // MARK: Data

  @discardableResult
  func write(_ bytes: [UInt8], to file: InodeNumber, at offset: UInt64 = 0, by caller: Caller = Tree.root) throws -> Int {
    try fileSystem.write(bytes, to: file, at: offset, by: caller)
  }

  func read(_ file: InodeNumber, at offset: UInt64 = 0, count: Int = 1 << 20) throws -> [UInt8] {
    try fileSystem.bytes(of: file, at: offset, count: count, touching: false)
  }

  func truncate(_ file: InodeNumber, to size: UInt64, by caller: Caller = Tree.root, isOpen: Bool = false) throws {
    try set(file, by: caller, isOpen: isOpen) { $0.size = size }
  }

  func allocate(_ file: InodeNumber, at offset: UInt64, count: UInt64, _ mode: AllocateMode = [], by caller: Caller = Tree.root) throws {
    try fileSystem.allocate(file, at: offset, count: count, mode: mode, by: caller)
  }

  func punch(_ file: InodeNumber, at offset: UInt64, count: UInt64, by caller: Caller = Tree.root) throws {
    try allocate(file, at: offset, count: count, [.punchHole, .keepSize], by: caller)
  }

  // MARK: Attributes

  func attributes(_ number: InodeNumber) throws -> Attributes { try fileSystem.attributes(of: number) }
  func mode(_ number: InodeNumber) throws -> UInt32 { try attributes(number).mode.permissions }

  func set(
    _ number: InodeNumber, by caller: Caller = Tree.root, isOpen: Bool = false, _ body: (inout AttributeChange) -> Void
  ) throws {
    var change = AttributeChange()
    body(&change)
    _ = try fileSystem.setAttributes(of: number, to: change, by: caller, isOpen: isOpen)
  }
}

/// Runs a test on a small file system, and checks all invariants after it.
func withTree(
  frames: Int = 64, fragmenting: Bool = false, limits: MountLimits = MountLimits(),
  sourceLocation: SourceLocation = #_sourceLocation, _ body: (Tree) throws -> Void
) throws {
  let tree = try Tree(frames: frames, fragmenting: fragmenting, limits: limits)
  try body(tree)
  #expect(InvariantsChecker.check(tree.fileSystem) == [], sourceLocation: sourceLocation)
}

/// Bytes that show their position; none is 0.
func pattern(_ count: Int, seed: Int = 1) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 31 &+ seed &+ $0 >> 8) | 1) }
}

func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }
