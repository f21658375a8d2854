// Memory safety: `fuse_req_userdata` is the pointer that Session gave, to an object that outlives the session. Each request is
// replied to exactly once, since libfuse frees it then.
import CFuse
import CPlatform
import FileSystem
import Platform

/// Answers requests. Each has a short function that calls the file system and replies once.
///
/// These functions are C function pointers for libfuse, so they find the server through the request.
final class Server {
  let fileSystem: MountedFileSystem
  /// libfuse's session, for notices to the kernel.
  var session: OpaquePointer?
  /// The memory for a reply's data, in the session's buffer.
  var replyBuffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  /// Answers the questions of `Control`.
  var answer: ((Control.Question, MountedFileSystem) -> [UInt64])?
  /// The number of open files.
  var openFiles = 0
  /// The kernel and libfuse have agreed on a protocol.
  var isReady = false
  /// The kernel can map a file that bypasses its cache (Linux 6.6, libfuse 3.17).
  var canMapDirect = false
  /// The kernel drops pages from its cache when a write that bypasses it changes them.
  var canMixDirect = false

  /// The kernel needs no request to open a directory, and caches what it holds.
  var cachesDirectories = false

  /// The most bytes that a request reads or writes.
  static var largestTransfer: Int { 1 << 20 }
  /// The validity of names and attributes in the kernel's cache, in seconds: all changes come through this kernel.
  static var forever: Double { 86400 * 365 * 100 }

  init(_ fileSystem: MountedFileSystem) { self.fileSystem = fileSystem }

  @inline(never)
  static func of(_ request: fuse_req_t?) -> Server {
    Unmanaged<Server>.fromOpaque(fuse_req_userdata(request)!).takeUnretainedValue()
  }

  /// The requests that have a handler. libfuse replies to the others with ENOSYS, after which the kernel sends no more of the kind:
  /// - flock(2) and POSIX locks are then the kernel's own, where a signal can interrupt a waiter.
  /// - Nothing needs a flush or an fsync.
  /// - copy_file_range(2) becomes reads and writes.
  static func operations() -> fuse_lowlevel_ops {
    var operations = fuse_lowlevel_ops()
    addSession(to: &operations)
    addNames(to: &operations)
    addAttributes(to: &operations)
    addOpens(to: &operations)
    addData(to: &operations)
    addDirectories(to: &operations)
    addExtendedAttributes(to: &operations)
    addRequests(to: &operations)
    return operations
  }
}
