// Memory safety: a reply function copies its arguments to the kernel before it returns.
import CFuse
import CPlatform
import FileSystem
import Frames
import Platform

/// Replies, and the conversion of the file system's values to libfuse's structures.
extension Server {
  /// Runs an operation without a result, and replies with success or its error.
  static func replyStatus(_ request: fuse_req_t?, _ body: (MountedFileSystem, Caller) throws(FileSystemError) -> Void) {
    let server = of(request)
    do throws(FileSystemError) {
      try body(server.fileSystem, caller(request))
      server.tellUnseen()
      fuse_reply_err(request, 0)
    } catch { server.fail(request, error) }
  }

  /// Runs an operation that finds or makes an inode, and replies with its entry.
  static func replyEntry(_ request: fuse_req_t?, _ body: (MountedFileSystem, Caller) throws(FileSystemError) -> Entry) {
    let server = of(request)
    do throws(FileSystemError) {
      let entry = try body(server.fileSystem, caller(request))
      var answer = fuse_entry_param(entry)
      // The caller was interrupted: the kernel dropped the reply, and counted no lookup.
      if fuse_reply_entry(request, &answer) != 0 { server.fileSystem.forget(entry.attributes.inode, count: 1) }
    } catch { server.fail(request, error) }
  }

  static func replyAttributes(_ request: fuse_req_t?, _ body: (MountedFileSystem, Caller) throws(FileSystemError) -> Attributes) {
    let server = of(request)
    do throws(FileSystemError) {
      var answer = stat(try body(server.fileSystem, caller(request)))
      server.fileSystem.changedUnseen = nil
      fuse_reply_attr(request, &answer, forever)
    } catch { server.fail(request, error) }
  }

  /// Replies with data: `body` writes up to `size` bytes to the buffer, and returns their number. Returns whether the kernel took them.
  @discardableResult
  static func replyData(
    _ request: fuse_req_t?, _ size: Int, _ body: (MountedFileSystem, UnsafeMutableRawBufferPointer) throws(FileSystemError) -> Int
  ) -> Bool {
    let server = of(request)
    let buffer = UnsafeMutableRawBufferPointer(rebasing: server.replyBuffer[0..<min(size, server.replyBuffer.count)])
    do throws(FileSystemError) {
      let count = try body(server.fileSystem, buffer)
      return fuse_reply_buf(request, buffer.baseAddress, count) == 0
    } catch {
      server.fail(request, error)
      return false
    }
  }

  /// Replies with bytes, or, where `size` is 0, with their number: callers ask for that first.
  static func replyBytes(_ request: fuse_req_t?, _ size: Int, _ body: (MountedFileSystem, Caller) throws(FileSystemError) -> [UInt8]) {
    let server = of(request)
    do throws(FileSystemError) {
      let bytes = try body(server.fileSystem, caller(request))
      if size == 0 {
        fuse_reply_xattr(request, bytes.count)
      } else if bytes.count > size {
        throw FileSystemError.bufferTooSmall
      } else {
        _ = bytes.withUnsafeBytes { fuse_reply_buf(request, $0.baseAddress, $0.count) }
      }
    } catch { server.fail(request, error) }
  }

  /// Replies with the errno of an error. Damage is logged.
  @inline(never)
  func fail(_ request: fuse_req_t?, _ error: FileSystemError) {
    logDamage(error)
    tellUnseen()
    fuse_reply_err(request, error.errno.rawValue)
  }

  /// Tells the kernel that the attributes it has of a file are old: the request changed the mode as a side effect (a write takes
  /// set-user-ID away).
  ///
  /// The notice precedes the reply. Until then the caller holds the inode, so the kernel's lookup can't wait for an inode that is being
  /// evicted (`fuse_reverse_inval_inode`, fs/fuse/inode.c). Without a range, the notice takes no other lock.
  func tellUnseen() {
    guard let inode = fileSystem.changedUnseen else { return }
    fileSystem.changedUnseen = nil
    _ = fuse_lowlevel_notify_inval_inode(session, inode.rawValue, -1, 0)
  }

  /// Logs a failure of a frame: the file, the place in it, the page.
  func logDamage(_ error: FileSystemError) {
    guard error.errno == .io, let attempt = fileSystem.lastAttempt else { return }
    var message = Text()
    if let path = fileSystem.path(of: attempt.inode) { message.append(bytes: path) } else { message.append("a file without a name") }
    message.append(" (inode %): ", attempt.inode.rawValue)
    message.append("% at byte %: page ", Text(attempt.operation), Text("%", attempt.offset))
    switch error {
    case .damaged(let frame):
      message.append("% no longer holds what was written to it", frame.rawValue)
    case .inaccessible(let frame, let cause):
      message.append("% can't be reached: %", Text("%", frame.rawValue), cause.text)
    default: return
    }
    message.append(" (EIO)")
    Log.line(message)
  }

  // MARK: Requests

  static func caller(_ request: fuse_req_t?) -> Caller {
    guard let context = fuse_req_ctx(request)?.pointee else { return Caller(uid: UInt32.max, gid: UInt32.max) }
    return Caller(uid: context.uid, gid: context.gid, umask: context.umask) { groups(of: request) }
  }

  /// The caller's supplementary groups, which libfuse reads from /proc; none if it can't.
  private static func groups(of request: fuse_req_t?) -> [UInt32] {
    let count = fuse_req_getgroups(request, 0, nil)
    guard count > 0 else { return [] }
    return [UInt32](unsafeUninitializedCapacity: Int(count)) { groups, used in
      used = max(0, min(Int(count), Int(fuse_req_getgroups(request, count, groups.baseAddress))))
    }
  }

  /// A name in a request.
  static func name(_ name: UnsafePointer<CChar>?) throws(FileSystemError) -> FileName { try FileName(bytes(name)) }

  static func bytes(_ string: UnsafePointer<CChar>?) -> [UInt8] {
    var text = Text()
    text.append(cString: string)
    return text.bytes
  }
}

extension stat {
  init(_ attributes: Attributes) {
    self.init()
    st_ino = UInt(attributes.inode.rawValue)
    st_mode = attributes.mode.rawValue
    st_nlink = UInt(attributes.links)
    st_uid = attributes.uid
    st_gid = attributes.gid
    st_rdev = UInt(attributes.device)
    st_size = Int(truncatingIfNeeded: attributes.size)
    st_blksize = frameSize
    st_blocks = Int(truncatingIfNeeded: attributes.blocks)
    st_atim = timespec(attributes.accessed)
    st_mtim = timespec(attributes.modified)
    st_ctim = timespec(attributes.changed)
  }
}

extension fuse_entry_param {
  init(_ entry: Entry) {
    self.init()
    ino = entry.attributes.inode.rawValue
    generation = entry.attributes.generation
    attr = stat(entry.attributes)
    attr_timeout = Server.forever
    entry_timeout = Server.forever
  }

  /// The reply that a name does not exist, which the kernel caches.
  static var absent: fuse_entry_param {
    var answer = fuse_entry_param()
    answer.entry_timeout = Server.forever
    return answer
  }
}

extension statvfs {
  init(_ statistics: Statistics) {
    self.init()
    f_bsize = UInt(frameSize)
    f_frsize = UInt(frameSize)
    f_blocks = UInt(statistics.blocks)
    f_bfree = UInt(statistics.freeBlocks)
    f_bavail = UInt(statistics.freeBlocks)
    f_files = UInt(statistics.inodes)
    f_ffree = UInt(statistics.freeInodes)
    f_namemax = 255
  }
}
