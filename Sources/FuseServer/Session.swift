// Memory safety: the session and its request buffer belong to this object and are freed with it; libfuse gets an
// unretained pointer to the server, which this object keeps alive.
import CFuse
import CPlatform
import FileSystem
import Platform

/// A mounted file system: libfuse's session, one thread, one request buffer.
public final class Session {
  private let server: Server
  private let session: OpaquePointer
  private var buffer = fuse_buf()
  private var mounted = false

  /// Prepares a session for the file system; nothing is mounted yet. What libfuse refuses is told in its words.
  public init(serving fileSystem: MountedFileSystem, options: SessionOptions) throws(Failure) {
    cfuse_keep_messages()
    server = Server(fileSystem)
    var arguments = fuse_args()
    defer { fuse_opt_free_args(&arguments) }
    for word in [Text("oldmemfs"), Text("-o"), options.list] {
      _ = word.withCString { fuse_opt_add_arg(&arguments, $0) }
    }
    var operations = Server.operations()
    let size = MemoryLayout<fuse_lowlevel_ops>.size
    guard let session = fuse_session_new(&arguments, &operations, size, Unmanaged.passUnretained(server).toOpaque())
    else { throw Failure(Session.lastMessage) }
    self.session = session
  }

  deinit {
    if mounted { fuse_session_unmount(session) }
    fuse_session_destroy(session)
    free(buffer.mem)
  }

  static var lastMessage: Text {
    var text = Text()
    text.append(cString: cfuse_last_message())
    return text
  }

  /// Mounts at a directory; requests wait until `serve`.
  public func mount(at directory: Text) throws(Failure) {
    guard directory.withCString({ fuse_session_mount(session, $0) }) == 0 else { throw Failure(Session.lastMessage) }
    mounted = true
  }

  /// Answers requests until the file system is unmounted or a signal (HUP, INT, TERM) ends it; 0, or an errno.
  ///
  /// - Parameters:
  ///   - onReady: called once, when the kernel has the session's answer to its first request.
  ///   - idle: called while no request waits, until it returns false.
  ///   - answer: answers the questions that other processes ask through `Control`.
  public func serve(
    onReady: () -> Void, answer: @escaping (Control.Question, MountedFileSystem) -> [UInt64],
    idle: (MountedFileSystem) -> Bool
  ) -> Int32 {
    var isWaiting = true
    server.answer = answer
    guard fuse_set_signal_handlers(session) == 0 else { return EIO }
    defer { fuse_remove_signal_handlers(session) }
    var isIdleWorkLeft = true
    while fuse_session_exited(session) == 0 {
      if isIdleWorkLeft, !isRequestWaiting {
        isIdleWorkLeft = idle(server.fileSystem)
        continue
      }
      let count = fuse_session_receive_buf(session, &buffer)
      if count == -EINTR { continue }
      if count <= 0 { return -count }
      server.replyBuffer = replyBuffer
      fuse_session_process_buf(session, &buffer)
      if isWaiting, server.isReady {
        isWaiting = false
        onReady()
      }
    }
    return 0
  }

  private var isRequestWaiting: Bool {
    var descriptor = pollfd(fd: fuse_session_fd(session), events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, 0) != 0
  }

  /// The request buffer beyond a request's own bytes: a request to read is short, so its answer is put together there,
  /// which saves a second buffer. libfuse allocates `max_write` bytes and a header's worth (`fuse_session_receive_buf`).
  private var replyBuffer: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: buffer.mem + Int(CFUSE_HEADER_BYTES), count: Server.largestTransfer)
  }
}
