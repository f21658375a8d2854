import FuseProtocol
import Glibc
import Platform
import Testing

@testable import FuseServer

@Suite("Data")
struct DataTests {
  private func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

  @Test("what is written is read, at any place and length", arguments: [(0, 1), (4095, 2), (100, 65536), (1 << 40, 5000)])
  func roundTrip(offset: UInt64, count: Int) throws {
    let connection = try Connection()
    let file = try connection.create("a")
    #expect(try connection.write(pattern(count), to: file, at: offset) == count)
    #expect(try connection.read(file, at: offset, count: 100_000) == pattern(count))
    #expect(try connection.attributes(file.inode).size == offset + UInt64(count))
    try connection.release(file)
  }

  @Test("a hole reads as zeros, and behind the end there is nothing")
  func holes() throws {
    let connection = try Connection()
    let file = try connection.create("a")
    #expect(try connection.write([1], to: file, at: 10000) == 1)
    #expect(try connection.read(file, count: 20000) == [UInt8](repeating: 0, count: 10000) + [1])
    #expect(try connection.read(file, at: 10001, count: 1) == [])
    #expect(try connection.read(file, at: UInt64(Int64.max), count: 1) == [])
  }

  @Test("what there is no room for is written in part, and then not at all")
  func full() throws {
    let connection = try Connection(frames: 4)
    let file = try connection.create("a")
    #expect(try connection.write(pattern(20000), to: file) == 4 * 4096)
    #expect(throws: Errno(ENOSPC)) { try connection.write([1], to: file, at: 4 * 4096) }
    #expect(try connection.read(file, count: 20000) == Array(pattern(20000)[..<16384]))
  }

  @Test("a negative offset is EINVAL")
  func negative() throws {
    let connection = try Connection()
    let file = try connection.create("a")
    #expect(throws: Errno(EINVAL)) { try connection.write([1], to: file, at: UInt64.max) }
    #expect(throws: Errno(EINVAL)) { try connection.read(file, at: UInt64.max, count: 1) }
    #expect(throws: Errno(EINVAL)) {
      try connection.data(
        FUSE_FALLOCATE, of: file.inode, bytes(fuse_fallocate_in(fh: 0, offset: 0, length: UInt64.max, mode: 0, padding: 0)))
    }
  }

  @Test("a file that is only written bypasses the kernel's cache, any other uses it; each is counted until it is closed")
  func opens() throws {
    let connection = try Connection()
    let inode = try connection.makeNode("a")
    let reading = try connection.openFile(inode, flags: O_RDONLY)
    #expect(reading.flags == UInt32(FOPEN_KEEP_CACHE | FOPEN_NOFLUSH))
    try connection.release(reading)
    let writing = try connection.openFile(inode, flags: O_WRONLY)
    #expect(writing.flags == UInt32(FOPEN_DIRECT_IO | FOPEN_NOFLUSH))
    #expect(connection.session.server.openFiles == 1)
    try connection.release(writing)
    #expect(connection.session.server.openFiles == 0)
    // The write bypassed the cache, so the cache has old data.
    #expect(try connection.openFile(inode, flags: O_RDONLY).flags == UInt32(FOPEN_NOFLUSH))
  }

  @Test("O_TRUNC comes with the open")
  func truncating() throws {
    let connection = try Connection()
    let file = try connection.create("a")
    #expect(try connection.write(pattern(5000), to: file) == 5000)
    _ = try connection.openFile(file.inode, flags: O_WRONLY | O_TRUNC)
    #expect(try connection.attributes(file.inode).size == 0)
  }

  @Test("data and holes are found, and nothing behind the end")
  func seeking() throws {
    let connection = try Connection()
    let file = try connection.create("a")
    #expect(try connection.write([1], to: file, at: 8192) == 1)
    func seek(_ whence: UInt32, from offset: UInt64) throws -> UInt64 {
      let answer: fuse_lseek_out = try connection.ask(
        FUSE_LSEEK, of: file.inode, bytes(fuse_lseek_in(fh: file.handle, offset: offset, whence: whence, padding: 0)))
      return answer.offset
    }
    // SEEK_DATA and SEEK_HOLE (linux/fs.h).
    #expect(try seek(3, from: 0) == 8192)
    #expect(try seek(4, from: 0) == 0)
    #expect(try seek(4, from: 8192) == 8193)
    #expect(throws: Errno(ENXIO)) { try seek(3, from: 8193) }
    #expect(throws: Errno(ENXIO)) { try seek(3, from: UInt64.max) }
    #expect(throws: Errno(EINVAL)) { try seek(0, from: 0) }
  }

  @Test("what of a file's attributes is named changes, and nothing else")
  func attributes() throws {
    let connection = try Connection()
    let inode = try connection.makeNode("a")
    let before = try connection.attributes(inode)
    var after = try connection.set(inode, FATTR_MODE | FATTR_SIZE) { input in
      input.mode = S_IFREG | 0o600
      input.size = 12345
      input.uid = 7
      input.mtime = 9
    }
    #expect(after.mode == S_IFREG | 0o600 && after.size == 12345 && after.uid == before.uid && after.mtime != 9)
    after = try connection.set(inode, FATTR_UID | FATTR_GID | FATTR_MTIME) { input in
      (input.uid, input.gid, input.mtime, input.mtimensec) = (7, 8, 9, 10)
    }
    #expect(after.uid == 7 && after.gid == 8 && after.mtime == 9 && after.mtimensec == 10 && after.atime == before.atime)
    after = try connection.set(inode, FATTR_MTIME | FATTR_MTIME_NOW)
    #expect(after.mtime >= before.mtime)
  }

  @Test("a write that takes set-user-ID away tells the kernel before it is answered")
  func unseen() throws {
    let connection = try Connection()
    let file = try connection.create("a")
    try connection.set(file.inode, FATTR_MODE) { $0.mode = S_IFREG | 0o4777 }
    connection.uid = 1000
    #expect(try connection.write([1], to: file) == 1)
    let notice = try #require(connection.sent.dropLast().last)
    #expect(notice.unique == 0 && notice.error == Int32(FUSE_NOTIFY_INVAL_INODE.rawValue))
    #expect(notice.bytes.withUnsafeBytes { $0.loadUnaligned(as: fuse_notify_inval_inode_out.self) }.ino == file.inode)
    #expect(try connection.attributes(file.inode).mode == S_IFREG | 0o777)
  }
}
