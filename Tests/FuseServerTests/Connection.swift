import CFuse
import FileSystem
import FuseProtocol
import Glibc
import OldMemory
import Platform
import Testing

@testable import FuseServer

/// The kernel's end of a session: sends requests to the real libfuse and the real server, through a socket pair in place of /dev/fuse.
final class Connection {
  let session: Session
  /// Answers of the session, and its notices, whose number is 0.
  private(set) var sent: [Reply] = []
  private let socket: Int32
  private var lastUnique: UInt64 = 0

  struct Reply {
    /// The request's number.
    let unique: UInt64
    /// A negative errno, or 0; the code of a notice (`fuse_notify_code`).
    let error: Int32
    let bytes: [UInt8]
  }

  /// The caller.
  var uid: UInt32 = 0
  var gid: UInt32 = 0

  /// A file system of that many pages. With `opening`, the first request is answered already.
  init(frames: Int = 64, inodes: UInt64 = 100, accessTimes: AccessTimes = .relative, opening: Bool = true) throws {
    var limits = MountLimits()
    limits.inodes = inodes
    limits.accessTimes = accessTimes
    let fileSystem = try MountedFileSystem(on: FramePool.scratch(frames: frames, checksums: true), limits: limits)
    session = try Session(serving: fileSystem, options: SessionOptions())
    var sockets: [Int32] = [-1, -1]
    // Such a socket keeps messages whole, as the device does.
    try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &sockets) == 0)
    socket = sockets[1]
    var transfer = fuse_custom_io()
    transfer.read = { file, buffer, count, _ in recv(file, buffer, count, 0) }
    transfer.writev = { file, parts, count, _ in
      var message = msghdr()
      message.msg_iov = parts
      message.msg_iovlen = Int(count)
      let sent = sendmsg(file, &message, Int32(MSG_NOSIGNAL))
      // The kernel's error for an answer to an interrupted request (`fuse_dev_do_write`, fs/fuse/dev.c).
      if sent < 0 { errno = ENOENT }
      return sent
    }
    try #require(fuse_session_custom_io(session.session, &transfer, sockets[0]) == 0)
    if opening { _ = try open() }
  }

  deinit { close(socket) }

  // MARK: Requests

  /// Sends the first request, with all features that a kernel may have. Returns the answer.
  func open(minor: UInt32 = 38, offering flags: UInt64 = ~0) throws -> fuse_init_out {
    var input = fuse_init_in()
    input.major = 7
    input.minor = minor
    input.max_readahead = 1 << 17
    input.flags = UInt32(truncatingIfNeeded: flags)
    input.flags2 = UInt32(truncatingIfNeeded: flags >> 32)
    return try ask(FUSE_INIT, of: 0, bytes(input))
  }

  /// Sends a request and lets the session serve it. Returns the answer, or nil if there is none.
  @discardableResult
  func send(_ code: fuse_opcode, of inode: UInt64, _ body: [UInt8] = []) throws -> Reply? {
    let unique = try post(code, of: inode, body)
    serve()
    return try answer(to: unique)
  }

  /// Returns the bytes of the answer, or throws its errno.
  @discardableResult
  func data(_ code: fuse_opcode, of inode: UInt64, _ body: [UInt8] = []) throws -> [UInt8] {
    let reply = try #require(try send(code, of: inode, body))
    if reply.error != 0 { throw Errno(-reply.error) }
    return reply.bytes
  }

  /// Returns the answer as a structure.
  func ask<Answer: BitwiseCopyable>(_ code: fuse_opcode, of inode: UInt64, _ body: [UInt8] = []) throws -> Answer {
    let data = try data(code, of: inode, body)
    try #require(data.count >= MemoryLayout<Answer>.size)
    return data.withUnsafeBytes { $0.loadUnaligned(as: Answer.self) }
  }

  /// Sends a request without serving it. Returns its number.
  func post(_ code: fuse_opcode, of inode: UInt64, _ body: [UInt8] = []) throws -> UInt64 {
    // Even numbers, as the kernel's are (`FUSE_REQ_ID_STEP`, fs/fuse/fuse_i.h).
    lastUnique += 2
    var header = fuse_in_header()
    header.len = UInt32(MemoryLayout<fuse_in_header>.size + body.count)
    header.opcode = code.rawValue
    header.unique = lastUnique
    header.nodeid = inode
    header.uid = uid
    header.gid = gid
    header.pid = UInt32(getpid())
    let message = bytes(header) + body
    try #require(Glibc.send(socket, message, message.count, 0) == message.count)
    return lastUnique
  }

  // MARK: The session's loop

  /// Lets the session serve all waiting requests.
  @discardableResult
  func serve(onReady: () -> Void = {}) -> Int32 {
    fuse_session_reset(session.session)
    return session.serve(onReady: onReady, answer: { _, _ in [] }) { _ in
      fuse_session_exit(self.session.session)
      return false
    }
  }

  /// The answer to a served request, if there is one.
  func answer(to unique: UInt64) throws -> Reply? {
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      guard count > 0 else { return sent.last { $0.unique == unique } }
      let size = MemoryLayout<fuse_out_header>.size
      try #require(count >= size)
      let header = buffer.withUnsafeBytes { $0.load(as: fuse_out_header.self) }
      #expect(header.len == count)
      sent.append(Reply(unique: header.unique, error: header.error, bytes: Array(buffer[size..<count])))
    }
  }

  /// From now on all answers fail, as if each caller had been interrupted.
  func refuseAnswers() { shutdown(socket, Int32(SHUT_RD)) }

  /// Whether an inode is in the table: it has a name, or the kernel has not forgotten it yet.
  func isKept(_ inode: UInt64) -> Bool { (try? session.server.fileSystem.attributes(of: InodeNumber(inode))) != nil }
}

/// The bytes of a structure.
func bytes(_ value: some BitwiseCopyable) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
func bytes(_ value: some BitwiseCopyable, _ names: String...) -> [UInt8] { names.reduce(bytes(value)) { $0 + name($1) } }
/// A name as in a request.
func name(_ name: String) -> [UInt8] { Array(name.utf8) + [0] }
