import FuseProtocol
import Glibc
import Platform
import Testing

@testable import FuseServer

@Suite("Names and errors")
struct ErrorTests {
  @Test("a renamed file is the same under its new name, and what was there is gone")
  func rename() throws {
    let connection = try Connection()
    let directory = try connection.makeDirectory("d")
    let (old, new) = (try connection.makeNode("a"), try connection.makeNode("b", in: directory))
    try connection.rename("a", to: "b", into: directory)
    #expect(try connection.lookUp("a").nodeid == 0)
    #expect(try connection.lookUp("b", in: directory).nodeid == old)
    #expect(try connection.attributes(new).nlink == 0)
  }

  @Test("RENAME_NOREPLACE and RENAME_EXCHANGE come through, and what else there may be does not")
  func renameFlags() throws {
    let connection = try Connection()
    let (old, new) = (try connection.makeNode("a"), try connection.makeNode("b"))
    #expect(throws: Errno(EEXIST)) { try connection.rename("a", to: "b", flags: 1) }
    try connection.rename("a", to: "b", flags: 2)
    #expect(try connection.lookUp("a").nodeid == new && connection.lookUp("b").nodeid == old)
    #expect(throws: Errno(EINVAL)) { try connection.rename("a", to: "b", flags: 8) }
  }

  @Test("a symlink leads where it was made to")
  func symlink() throws {
    let connection = try Connection()
    let entry: fuse_entry_out = try connection.ask(FUSE_SYMLINK, of: 1, name("a") + name("to/where"))
    #expect(try connection.data(FUSE_READLINK, of: entry.nodeid) == Array("to/where".utf8))
    #expect(throws: Errno(EINVAL)) { try connection.data(FUSE_READLINK, of: 1) }
  }

  @Test("each error of the file system is its errno")
  func errors() throws {
    let connection = try Connection(inodes: 5)
    let directory = try connection.makeDirectory("d")
    let file = try connection.makeNode("f", in: directory)
    let long = String(repeating: "x", count: 256)
    func expect(_ code: Int32, _ opcode: fuse_opcode, of inode: UInt64, _ body: [UInt8]) throws {
      #expect(try connection.send(opcode, of: inode, body)?.error == -code, "opcode \(opcode.rawValue) of \(inode)")
    }
    let making = fuse_mkdir_in(mode: 0o755, umask: 0)
    try expect(ENOTDIR, FUSE_LOOKUP, of: file, name("a"))
    try expect(ENAMETOOLONG, FUSE_LOOKUP, of: 1, name(long))
    try expect(EINVAL, FUSE_MKDIR, of: 1, bytes(making, ""))
    try expect(EEXIST, FUSE_MKDIR, of: 1, bytes(making, "d"))
    try expect(ENOENT, FUSE_UNLINK, of: 1, name("a"))
    try expect(EISDIR, FUSE_UNLINK, of: 1, name("d"))
    try expect(ENOTDIR, FUSE_RMDIR, of: directory, name("f"))
    try expect(ENOTEMPTY, FUSE_RMDIR, of: 1, name("d"))
    try expect(ESTALE, FUSE_LOOKUP, of: 4711, name("a"))
    try expect(ESTALE, FUSE_GETATTR, of: 4711, bytes(fuse_getattr_in()))
    try expect(EISDIR, FUSE_READ, of: directory, bytes(fuse_read_in()))
    try expect(EPERM, FUSE_LINK, of: 1, bytes(fuse_link_in(oldnodeid: directory), "e"))
    try expect(EINVAL, FUSE_RENAME, of: 1, bytes(fuse_rename_in(newdir: directory), "d", "e"))
    try expect(EOPNOTSUPP, FUSE_FALLOCATE, of: file, bytes(fuse_fallocate_in(fh: 0, offset: 0, length: 4096, mode: 8, padding: 0)))
    try expect(
      EFBIG, FUSE_FALLOCATE, of: file, bytes(fuse_fallocate_in(fh: 0, offset: UInt64(Int64.max), length: 4096, mode: 0, padding: 0)))
    try expect(ENOTTY, FUSE_IOCTL, of: file, bytes(fuse_ioctl_in(fh: 0, flags: 0, cmd: 0x5401, arg: 0, in_size: 0, out_size: 0)))
    for name in ["a", "b"] { _ = try connection.makeNode(name) }
    try expect(ENOSPC, FUSE_MKDIR, of: 1, bytes(making, "e"))
  }

  @Test("of an extended attribute the size is asked first, and a room that is too small is ERANGE")
  func extendedAttributes() throws {
    let connection = try Connection()
    let inode = try connection.makeNode("a")
    // The older, shorter form of the request; the longer one needs FUSE_SETXATTR_EXT.
    try connection.data(FUSE_SETXATTR, of: inode, bytes(UInt32(3)) + bytes(UInt32(0)) + name("user.color") + Array("red".utf8))
    func get(_ attribute: String, room: UInt32) throws -> [UInt8] {
      try connection.data(FUSE_GETXATTR, of: inode, bytes(fuse_getxattr_in(size: room, padding: 0), attribute))
    }
    #expect(try get("user.color", room: 0) == bytes(fuse_getxattr_out(size: 3, padding: 0)))
    #expect(try get("user.color", room: 3) == Array("red".utf8))
    #expect(throws: Errno(ERANGE)) { try get("user.color", room: 2) }
    #expect(throws: Errno(ENODATA)) { try get("user.size", room: 0) }
    #expect(try connection.data(FUSE_LISTXATTR, of: inode, bytes(fuse_getxattr_in(size: 100, padding: 0))) == name("user.color"))
    try connection.data(FUSE_REMOVEXATTR, of: inode, name("user.color"))
    #expect(throws: Errno(ENODATA)) { try connection.data(FUSE_REMOVEXATTR, of: inode, name("user.color")) }
  }
}
