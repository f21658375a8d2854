// Memory safety: `fuse_req_userdata` is the pointer that Session gave, to an object that outlives the session; a request
// is replied to exactly once, by the helpers of Server+Replies.
import CFuse
import CPlatform
import FileSystem
import Platform

/// Answers requests: one short function each, which calls the file system and replies once.
///
/// libfuse's functions are C function pointers, so they find the server through the request.
final class Server {
  let fileSystem: MountedFileSystem
  /// libfuse's session, for what the kernel is told unasked.
  var session: OpaquePointer?
  /// Where an answer's data is put together; the session's.
  var replyBuffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  /// Answers questions that come through `Control`.
  var answer: ((Control.Question, MountedFileSystem) -> [UInt64])?
  /// How many times a file has been opened and not yet closed.
  var openFiles = 0
  /// The kernel and libfuse have agreed on a protocol.
  var isReady = false
  /// The kernel can map a file that bypasses its cache (Linux 6.6, libfuse 3.17).
  var canMapDirect = false
  /// The kernel drops from its cache what a write bypasses it for.
  var canMixDirect = false

  /// The most bytes that a request reads or writes: what libfuse's request buffer holds.
  static var largestTransfer: Int { 1 << 20 }
  /// Nobody else changes this file system, so what the kernel knows of it stays true until it changes it itself.
  static var forever: Double { 86400 * 365 * 100 }

  init(_ fileSystem: MountedFileSystem) { self.fileSystem = fileSystem }

  @inline(never)
  static func of(_ request: fuse_req_t?) -> Server {
    Unmanaged<Server>.fromOpaque(fuse_req_userdata(request)!).takeUnretainedValue()
  }

  /// The requests that have a handler. libfuse replies to the others with ENOSYS, after which the kernel sends no more of the kind:
  /// - flock(2) and POSIX locks are then the kernel's own, where a signal can interrupt a waiter.
  /// - Nothing needs a flush or an fsync.
  /// - A directory needs no opening. (libfuse before 3.17 replies to OPENDIR with success: its commit 2bdec0bc, "Handle
  ///   NO_OPEN/NO_OPENDIR support automatically". A newer one does so where the kernel may not cache directories: see `negotiate`.)
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
