import FuseProtocol
import Glibc
import Platform
import Testing

@testable import FuseServer

/// An inode without a name is freed when the kernel has forgotten all of its lookups. A wrong count is a leak, or a file that is lost while
/// it is open.
@Suite("Lookups are counted")
struct LookupTests {
  /// Removes the only name of an inode, and expects it to be freed after that many lookups are forgotten.
  private func expect(_ references: UInt64, to inode: UInt64, named name: String, _ connection: Connection) throws {
    try connection.unlink(name)
    try connection.forget(inode, count: references - 1)
    #expect(try connection.attributes(inode).nlink == 0)
    try connection.forget(inode)
    #expect(throws: Errno(ESTALE)) { try connection.attributes(inode) }
  }

  @Test("a name that is not there is an answer, to be remembered")
  func absent() throws {
    let entry = try Connection().lookUp("nothing")
    #expect(entry.nodeid == 0 && entry.entry_valid > 1 << 30)
  }

  @Test("each lookup is one, and so is what made the file")
  func lookups() throws {
    let connection = try Connection()
    let inode = try connection.makeNode("a")
    for _ in 0..<3 { #expect(try connection.lookUp("a").nodeid == inode) }
    try expect(4, to: inode, named: "a", connection)
  }

  @Test("so is a further name")
  func link() throws {
    let connection = try Connection()
    let inode = try connection.makeNode("a")
    let entry: fuse_entry_out = try connection.ask(FUSE_LINK, of: 1, bytes(fuse_link_in(oldnodeid: inode), "b"))
    #expect(entry.nodeid == inode && entry.attr.nlink == 2)
    try connection.unlink("b")
    try expect(2, to: inode, named: "a", connection)
  }

  @Test("many are forgotten at once")
  func batch() throws {
    let connection = try Connection()
    let inodes = try ["a", "b", "c"].map { try connection.makeNode($0) }
    _ = try connection.lookUp("b")
    for text in ["a", "b", "c"] { try connection.unlink(text) }
    #expect(inodes.allSatisfy(connection.isKept))
    var body = bytes(fuse_batch_forget_in(count: 3, dummy: 0))
    for (inode, count) in zip(inodes, [1, 2, 1] as [UInt64]) { body += bytes(fuse_forget_one(nodeid: inode, nlookup: count)) }
    #expect(try connection.send(FUSE_BATCH_FORGET, of: 0, body) == nil)
    #expect(!inodes.contains(where: connection.isKept))
  }

  @Test("what is forgotten too often, or was never there, costs nothing that is in use")
  func tooOften() throws {
    let connection = try Connection()
    let inode = try connection.makeNode("a")
    for number in [inode, 1, 0, 77, UInt64.max] { try connection.forget(number, count: UInt64.max) }
    #expect(try connection.lookUp("a").nodeid == inode)
    #expect(try connection.attributes(1).nlink == 2)
    try expect(1, to: inode, named: "a", connection)
  }

  @Test("an answer that reaches nobody is not one", arguments: [FUSE_LOOKUP, FUSE_LINK].map(\.rawValue))
  func unheard(code: UInt32) throws {
    let connection = try Connection()
    let inode = try connection.makeNode("a")
    connection.refuseAnswers()
    try connection.send(fuse_opcode(code), of: 1, code == FUSE_LINK.rawValue ? bytes(fuse_link_in(oldnodeid: inode), "b") : name("a"))
    try connection.send(FUSE_UNLINK, of: 1, name("a"))
    if code == FUSE_LINK.rawValue { try connection.send(FUSE_UNLINK, of: 1, name("b")) }
    #expect(connection.isKept(inode))
    try connection.forget(inode)
    #expect(!connection.isKept(inode))
  }

  @Test(
    "what is made for somebody who was interrupted has a name, and no reference",
    arguments: [FUSE_MKNOD, FUSE_SYMLINK, FUSE_CREATE].map(\.rawValue))
  func unheardCreation(code: UInt32) throws {
    let connection = try Connection()
    connection.refuseAnswers()
    switch fuse_opcode(code) {
    case FUSE_MKNOD: try connection.send(FUSE_MKNOD, of: 1, bytes(fuse_mknod_in(mode: S_IFREG | 0o644, rdev: 0, umask: 0, padding: 0), "a"))
    case FUSE_SYMLINK: try connection.send(FUSE_SYMLINK, of: 1, name("a") + name("target"))
    default:
      try connection.send(FUSE_CREATE, of: 1, bytes(fuse_create_in(flags: UInt32(O_RDWR), mode: S_IFREG, umask: 0, open_flags: 0), "a"))
    }
    #expect(connection.session.server.openFiles == 0)
    // The next inode of an empty file system.
    #expect(connection.isKept(2))
    try connection.send(FUSE_UNLINK, of: 1, name("a"))
    #expect(!connection.isKept(2))
  }

  @Test("a file that was opened for somebody who was interrupted is closed again")
  func unheardOpen() throws {
    let connection = try Connection()
    let inode = try connection.makeNode("a")
    let file = try connection.openFile(inode, flags: O_RDONLY)
    connection.refuseAnswers()
    try connection.send(FUSE_OPEN, of: inode, bytes(fuse_open_in(flags: UInt32(O_WRONLY), open_flags: 0)))
    #expect(connection.session.server.openFiles == 1)
    try connection.send(FUSE_RELEASE, of: inode, bytes(fuse_release_in(fh: file.handle, flags: 0, release_flags: 0, lock_owner: 0)))
    #expect(connection.session.server.openFiles == 0)
  }
}
