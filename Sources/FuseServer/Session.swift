// Memory safety: the session and its request buffer belong to this object and are freed with it; a read is at most as long as the
// buffer. libfuse gets an unretained pointer to the server, which this object keeps alive.
import CFuse
import CPlatform
import FileSystem
import Frames
import Platform

/// A mounted file system: libfuse's session, one thread, one request buffer.
public final class Session {
  let server: Server
  let session: OpaquePointer
  /// A request, and after its first page the data of the reply. One buffer is enough: a request that is replied to with data is shorter
  /// than a page (`headerBytes`). libfuse's own buffer would not do, since its layout is not part of the API.
  private let buffer: Mapping
  /// Where it is mounted.
  private var directory: Text?
  private let scrubs: Bool

  /// Prepares a session for the file system; nothing is mounted yet. An error has libfuse's message.
  public init(serving fileSystem: MountedFileSystem, options: SessionOptions) throws(Failure) {
    cfuse_keep_messages()
    scrubs = options.scrubs
    server = Server(fileSystem)
    do throws(Errno) { buffer = try Mapping(anonymous: Session.headerBytes + Server.largestTransfer) } catch {
      throw Failure("no memory for requests: %", error.text)
    }
    var arguments = fuse_args()
    defer { fuse_opt_free_args(&arguments) }
    for word in [Text("oldmemfs"), Text("-o"), options.list] {
      _ = word.withCString { fuse_opt_add_arg(&arguments, $0) }
    }
    var operations = Server.operations()
    guard let session = cfuse_session_new(&arguments, &operations, Unmanaged.passUnretained(server).toOpaque())
    else { throw Failure(Session.lastMessage) }
    self.session = session
    server.session = session
  }

  deinit {
    if directory != nil { fuse_session_unmount(session) }
    fuse_session_destroy(session)
  }

  /// The version of the libfuse in use, such as 3.14.0.
  public static var libraryVersion: Text {
    var text = Text()
    text.append(cString: cfuse_version())
    return text
  }

  static var lastMessage: Text {
    var text = Text()
    text.append(cString: cfuse_last_message())
    return text
  }

  /// Mounts at a directory; requests wait until `serve`.
  ///
  /// From now on a signal ends the process only through `serve`; otherwise the mount would outlive its process.
  public func mount(at directory: Text) throws(Failure) {
    Signals.catchAll()
    guard directory.withCString({ fuse_session_mount(session, $0) }) == 0 else { throw Failure(Session.lastMessage) }
    self.directory = directory
  }

  /// Answers requests until the file system is unmounted, or until SIGHUP, SIGINT or SIGTERM, which is logged. Returns 0 or an errno.
  ///
  /// - Parameters:
  ///   - onReady: called once, when the kernel has the reply to its first request.
  ///   - idle: called while no request waits, until it returns false.
  ///   - answer: answers the questions that other processes ask through `Control`.
  public func serve(
    onReady: () -> Void, answer: @escaping (Control.Question, MountedFileSystem) -> [UInt64],
    idle: (MountedFileSystem) -> Bool
  ) -> Int32 {
    var isWaiting = true
    server.answer = answer
    server.replyBuffer = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[Session.headerBytes...])
    var isIdleWorkLeft = true
    var scrub = Scrub(isOn: scrubs)
    var isTicking = false
    while fuse_session_exited(session) == 0 {
      if let signal = Signals.ending {
        report("%: unmounting, ", Text(signal))
        break
      }
      if scrub.isTicking != isTicking {
        isTicking = scrub.isTicking
        Signals.tick(every: isTicking ? Scrub.tick : 0)
      }
      let patience = isIdleWorkLeft ? 0 : scrub.patience
      if patience >= 0 {
        let waiting = waitForRequest(patience)
        if waiting == 0 {
          if isIdleWorkLeft { isIdleWorkLeft = idle(server.fileSystem) } else { scrub.step(server) }
        }
        // Less than 0: a signal, perhaps the end.
        if waiting <= 0 { continue }
      }
      let count = read(fuse_session_fd(session), buffer.bytes.baseAddress, buffer.bytes.count)
      if count < 0 {
        // ENOENT: the caller was interrupted. ENODEV: the file system is unmounted (`fuse_dev_do_read`, fs/fuse/dev.c).
        let error = cplatform_errno()
        if error == EINTR || error == ENOENT || error == EAGAIN {
          if error == EINTR { scrub.noteTick() }
          continue
        }
        guard error == ENODEV else { return error }
        if isCut { report("the connection was cut: ") }
        return 0
      }
      if fuse_session_exited(session) != 0 { break }
      var request = fuse_buf()
      request.mem = buffer.bytes.baseAddress
      request.size = count
      fuse_session_process_buf(session, &request)
      scrub.noteRequest()
      if isWaiting, server.isReady {
        isWaiting = false
        if let directory { Readahead.widen(at: directory) }
        onReady()
      }
    }
    return 0
  }

  /// Whether the connection was cut (`umount -f`, /sys/fs/fuse/connections/N/abort) while the file system is mounted, and stays mounted.
  private var isCut: Bool {
    guard let directory else { return false }
    do throws(Errno) { _ = try FileKind(of: directory) } catch { return error == .notConnected }
    return false
  }

  /// Logs an end in which files go that somebody may still want.
  private func report(_ end: Literal, _ signal: Text = Text()) {
    let room = server.fileSystem.statistics
    var text = Text(end, signal)
    text.append(ratio: (room.blocks - room.freeBlocks) * 4, to: 1024, decimals: 1)
    text.append(" MiB of file data are gone; open files: ")
    text.append(server.openFiles)
    Log.line(text)
  }

  /// Waits for so many milliseconds. Returns 0 if no request has come. The corresponding C function is `poll`.
  private func waitForRequest(_ milliseconds: Int32) -> Int32 {
    var descriptor = pollfd(fd: fuse_session_fd(session), events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, milliseconds)
  }

  /// The room for a request without the data of a write. The kernel wants 80 bytes more than `max_write` (`fuse_dev_do_read`), and a
  /// request that is replied to with data (READ, READDIR, a name and a size) is shorter than a page.
  private static var headerBytes: Int { frameSize }
}
