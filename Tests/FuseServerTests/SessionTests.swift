import FuseProtocol
import Glibc
import Platform
import Testing

@testable import FuseServer

@Suite("A session")
struct SessionTests {
  @Test("the first request settles what the kernel does for the server, and what it leaves to it")
  func first() throws {
    let answer = try Connection(opening: false).open()
    #expect(answer.major == 7 && answer.max_write == 1 << 20 && answer.time_gran == 1)
    let wanted =
      FUSE_CACHE_SYMLINKS | FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO | FUSE_ATOMIC_O_TRUNC | FUSE_POSIX_ACL
      | FUSE_DONT_MASK | FUSE_EXPORT_SUPPORT | FUSE_EXPLICIT_INVAL_DATA
    let declined =
      FUSE_SPLICE_READ | FUSE_SPLICE_WRITE | FUSE_SPLICE_MOVE | FUSE_WRITEBACK_CACHE | FUSE_ASYNC_DIO | FUSE_POSIX_LOCKS
      | FUSE_FLOCK_LOCKS | FUSE_HANDLE_KILLPRIV | FUSE_AUTO_INVAL_DATA
    #expect(answer.flags & UInt32(wanted) == UInt32(wanted))
    #expect(answer.flags & UInt32(declined) == 0)
  }

  @Test("nothing is asked of a kernel that it does not offer")
  func oldKernel() throws {
    let offered = UInt64(FUSE_ATOMIC_O_TRUNC | FUSE_DO_READDIRPLUS | FUSE_ASYNC_READ)
    let answer = try Connection(opening: false).open(minor: 26, offering: offered)
    // libfuse sets FUSE_BIG_WRITES for every kernel.
    #expect(answer.flags & ~UInt32(FUSE_BIG_WRITES) & ~UInt32(offered) == 0)
    #expect(answer.flags & UInt32(FUSE_ATOMIC_O_TRUNC) != 0)
  }

  @Test("where each read is to be known of, the kernel keeps no symlinks")
  func strictTimes() throws {
    let answer = try Connection(accessTimes: .always, opening: false).open()
    #expect(answer.flags & UInt32(FUSE_CACHE_SYMLINKS) == 0)
  }

  @Test("who waits for the mount is told when the first request has been answered, once for a run")
  func ready() throws {
    let connection = try Connection(opening: false)
    var calls = 0
    _ = try connection.post(
      FUSE_INIT, of: 0,
      bytes(fuse_init_in(major: 7, minor: 38, max_readahead: 0, flags: 0, flags2: 0, unused: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))))
    for _ in 0..<3 { _ = try connection.post(FUSE_STATFS, of: 1) }
    #expect(connection.serve { calls += 1 } == 0)
    #expect(calls == 1)
  }

  @Test("a request before the first is EIO")
  func early() throws {
    let connection = try Connection(opening: false)
    #expect(throws: Errno(EIO)) { try connection.lookUp("a") }
  }

  @Test(
    "a request that is the kernel's own affair is ENOSYS, after which it asks no more",
    arguments: [FUSE_FLUSH, FUSE_FSYNC, FUSE_FSYNCDIR, FUSE_ACCESS, FUSE_GETLK, FUSE_SETLK, FUSE_BMAP, FUSE_POLL, FUSE_COPY_FILE_RANGE]
      .map(\.rawValue))
  func left(code: UInt32) throws {
    let body = [UInt8](repeating: 0, count: 64)
    #expect(try Connection().send(fuse_opcode(code), of: 1, body)?.error == -ENOSYS)
  }

  @Test("an opcode that nobody knows is ENOSYS", arguments: [7, 19, 99, 4095, UInt32.max])
  func unknown(code: UInt32) throws {
    #expect(try Connection().send(fuse_opcode(code), of: 1)?.error == -ENOSYS)
  }

  @Test("an interruption that comes before its request, as it may, keeps it from nothing")
  func interrupted() throws {
    let connection = try Connection()
    // The next request but one.
    let interruption = try connection.post(FUSE_INTERRUPT, of: 0, bytes(fuse_interrupt_in(unique: 6)))
    let request = try connection.post(FUSE_MKDIR, of: 1, bytes(fuse_mkdir_in(mode: 0o755, umask: 0), "a"))
    try #require(request == 6 && interruption == 4)
    connection.serve()
    #expect(try connection.answer(to: request)?.error == 0)
    #expect(try connection.answer(to: interruption) == nil)
    #expect(try connection.lookUp("a").nodeid != 0)
  }

  @Test("an interruption of what has been answered is to be asked again, and disturbs no other request")
  func interruptedLate() throws {
    let connection = try Connection()
    let interruption = try connection.post(FUSE_INTERRUPT, of: 0, bytes(fuse_interrupt_in(unique: 2)))
    let request = try connection.post(FUSE_STATFS, of: 1)
    connection.serve()
    #expect(try connection.answer(to: request)?.error == 0)
    #expect(try connection.answer(to: interruption)?.error == -EAGAIN)
  }

  @Test("statfs tells of pages and inodes, and of 4 KiB each")
  func statfs() throws {
    let connection = try Connection(frames: 64, inodes: 100)
    let file = try connection.create("a")
    #expect(try connection.write([1], to: file) == 1)
    let answer: fuse_statfs_out = try connection.ask(FUSE_STATFS, of: 1)
    #expect(answer.st.blocks == 64 && answer.st.bfree == 63 && answer.st.bavail == 63 && answer.st.bsize == 4096)
    #expect(answer.st.files == 100 && answer.st.ffree == 98 && answer.st.namelen == 255)
  }
}
