import Platform
import Testing

@testable import FileSystem
@testable import FileSystemModel

/// The table alone, without a file system: references to an inode, and when it may be freed.
@Suite("The inode table")
struct InodeTableTests {
  private let budget = MemoryBudget(limit: 1 << 20)
  private var root: UInt32 { InodeNumber.root.handle }

  private func table(limit: UInt64? = nil) throws -> InodeTable {
    let table = InodeTable(capacity: 1000, budget: budget, limit: limit)
    try table.addRoot(mode: 0o755, uid: 0, gid: 0, at: Time(seconds: 1, nanoseconds: 0))
    return table
  }

  /// An inode without a reference.
  private func add(_ type: UInt32 = FileMode.regular, to table: InodeTable) throws -> UInt32 {
    try table.reserve()
    return table.add(mode: FileMode(type), uid: 0, gid: 0, at: Time(seconds: 1, nanoseconds: 0))
  }

  /// A file with a link and a lookup, as the kernel makes it.
  private func file(in table: InodeTable) throws -> UInt32 {
    let file = try add(to: table)
    table.link(file, in: root)
    table.lookUp(file)
    return file
  }

  // MARK: Forget

  @Test("lookups are forgotten in parts, and the last part makes an unlinked inode unreachable")
  func partialForget() throws {
    let table = try table()
    let file = try file(in: table)
    for _ in 0..<4 { table.lookUp(file) }
    #expect(!table.unlink(file, from: root))
    #expect(!table.forget(file, count: 2) && table[file].lookups == 3)
    #expect(!table.forget(file, count: 2) && table.contains(file))
    #expect(table.forget(file, count: 1) && !table.contains(file))
  }

  @Test("to forget more than was looked up takes no other reference away")
  func excessiveForget() throws {
    let table = try table()
    let file = try file(in: table)
    #expect(!table.forget(file, count: UInt64.max) && table[file].lookups == 0)
    #expect(!table.forget(file, count: 1) && table.contains(file))
    table.lookUp(file)
    #expect(!table.unlink(file, from: root) && table[file].lookups == 1)
  }

  @Test("a linked inode outlives its lookups, and goes with its last link")
  func linkedForget() throws {
    let table = try table()
    let file = try file(in: table)
    table.link(file, in: root)
    #expect(!table.forget(file, count: 1))
    #expect(!table.unlink(file, from: root))
    #expect(table.unlink(file, from: root))
  }

  @Test("the root is never unreachable")
  func rootForget() throws {
    let table = try table()
    table.lookUp(root)
    #expect(!table.forget(root, count: 100) && table.contains(root))
    let directory = try add(FileMode.directory, to: table)
    table.link(directory, in: root)
    #expect(table.unlink(directory, from: root))
    #expect(!table.forget(root, count: 1) && table[root].links == 2)
  }

  @Test("a removed inode, or one that never was, is not contained")
  func contains() throws {
    let table = try table()
    let file = try file(in: table)
    _ = table.unlink(file, from: root)
    _ = table.forget(file, count: 1)
    table.remove(file)
    for handle in [0, file, file + 1, UInt32.max] { #expect(!table.contains(handle)) }
    #expect(table.count == 1)
  }

  // MARK: Orphans

  @Test("a file is an orphan while it has neither link nor open, and its frames count as such")
  func orphans() throws {
    let table = try table()
    let file = try file(in: table)
    table.addFrames(5, to: file)
    table.open(file, isDirect: false)
    table.open(file, isDirect: true)
    #expect(!table.unlink(file, from: root))
    #expect(table.orphans == 0 && table.usedFrames == 5 && table.orphanFrames == 0)
    table.close(file, isDirect: false)
    #expect(table.orphans == 0)
    table.close(file, isDirect: true)
    #expect(table.orphans == 1 && table.usedFrames == 0 && table.orphanFrames == 5 && table.used == 1)
    table.addFrames(2, to: file)
    table.removeFrames(1, from: file)
    #expect(table.usedFrames == 0 && table.orphanFrames == 6)
    // Opened by way of /proc/PID/fd, and linked by linkat(2).
    table.open(file, isDirect: false)
    #expect(table.orphans == 0 && table.usedFrames == 6 && table.orphanFrames == 0 && table.used == 2)
    table.close(file, isDirect: false)
    table.link(file, in: root)
    #expect(table.orphans == 0 && table.usedFrames == 6 && table.orphanFrames == 0 && table.furtherLinks == 0)
  }

  @Test("a removed orphan is none")
  func removedOrphan() throws {
    let table = try table()
    let file = try file(in: table)
    let other = try self.file(in: table)
    for handle in [file, other] {
      table.addFrames(1, to: handle)
      _ = table.unlink(handle, from: root)
    }
    var found: [UInt32] = []
    table.forEachOrphanWithFrames { found.append($0) }
    #expect(found == [file, other])
    table.removeFrames(1, from: file)
    #expect(table.forget(file, count: 1))
    table.remove(file)
    #expect(table.orphans == 1 && table.orphanFrames == 1 && table.used == 1)
    found = []
    table.forEachOrphanWithFrames { found.append($0) }
    #expect(found == [other])
  }

  @Test("to close what is not open changes nothing")
  func excessiveClose() throws {
    let table = try table()
    let file = try file(in: table)
    table.open(file, isDirect: true)
    for _ in 0..<3 { table.close(file, isDirect: false) }
    #expect(table[file].directOpens == 1 && table[file].cachedOpens == 0)
    for _ in 0..<3 { table.close(file, isDirect: true) }
    #expect(table[file].directOpens == 0)
  }

  // MARK: Links

  @Test("directories count those in them, and follow a move; files don't")
  func directories() throws {
    let table = try table()
    let (one, other) = (try add(FileMode.directory, to: table), try add(FileMode.directory, to: table))
    table.link(one, in: root)
    table.link(other, in: root)
    #expect(table[root].links == 4 && table[one].links == 2 && table[one].parent == root)
    table.move(other, from: root, to: one)
    #expect(table[root].links == 3 && table[one].links == 3 && table[other].parent == one)
    let file = try file(in: table)
    table.move(file, from: root, to: one)
    #expect(table[root].links == 3 && table[one].links == 3 && table[file].links == 1)
    #expect(table.unlink(other, from: one) && table[one].links == 2)
  }

  // MARK: The limit and generations

  @Test("the limit counts the root, further links and what is open, but no orphan")
  func limit() throws {
    let table = try table(limit: 3)
    let file = try file(in: table)
    table.link(file, in: root)
    #expect(table.used == 3)
    #expect(throws: FileSystemError.noSpace) { try table.reserve() }
    #expect(throws: FileSystemError.noSpace) { try table.checkLimit() }
    _ = table.unlink(file, from: root)
    try table.checkLimit()
    table.open(file, isDirect: false)
    _ = table.unlink(file, from: root)
    #expect(table.used == 2)
    table.close(file, isDirect: false)
    #expect(table.used == 1)
    let others = [try self.file(in: table), try self.file(in: table)]
    #expect(throws: FileSystemError.noSpace) { try table.reserve() }
    table.limit = nil
    _ = try self.file(in: table)
    #expect(table.used == 4 && others.allSatisfy(table.contains))
  }

  @Test("without memory nothing is reserved, limit or not")
  func memory() throws {
    let table = try table()
    while table.room > 0 { _ = try file(in: table) }
    budget.growthsUntilFailure = 0
    #expect(throws: FileSystemError.noMemory) { try table.reserve() }
    try table.reserve()
  }

  @Test("a number that is used again has another generation, and nothing of what was there")
  func generations() throws {
    let table = try table()
    var generations: Set<UInt32> = [table[root].generation]
    var numbers: Set<UInt32> = []
    for _ in 0..<5 {
      let file = try file(in: table)
      #expect(generations.insert(table[file].generation).inserted)
      #expect(table[file].links == 1 && table[file].lookups == 1 && table[file].frames == 0 && !table[file].isLost && !table[file].isOrphan)
      numbers.insert(file)
      table.addFrames(3, to: file)
      _ = table.unlink(file, from: root)
      table[file].isLost = true
      table.removeFrames(3, from: file)
      _ = table.forget(file, count: 1)
      table.remove(file)
    }
    #expect(numbers.count == 1)
  }
}
