// Memory safety: every raw buffer is the caller's and is handed to one system call with its own count.
import CPlatform

/// An open file, closed when it goes out of scope.
public struct FileDescriptor: ~Copyable {
  public let rawValue: Int32

  /// Flags of `open`.
  public static var readOnly: Int32 { O_RDONLY }
  public static var writeOnly: Int32 { O_WRONLY }
  public static var readWrite: Int32 { O_RDWR }
  /// The file is made where there is none.
  public static var create: Int32 { O_CREAT }
  /// What the file had is gone.
  public static var truncate: Int32 { O_TRUNC }
  /// What is written is added at the end.
  public static var append: Int32 { O_APPEND }

  /// Takes over a descriptor that somebody else opened.
  public init(owning rawValue: Int32) { self.rawValue = rawValue }

  /// Opens the file at `path` with O_CLOEXEC added to `flags`. The corresponding C function is `open`.
  public static func open(_ path: Text, flags: Int32, mode: mode_t = 0) throws(Errno) -> FileDescriptor {
    let descriptor = path.withCString { cplatform_open($0, flags | O_CLOEXEC, mode) }
    guard descriptor >= 0 else { throw Errno.current }
    return FileDescriptor(owning: descriptor)
  }

  /// Opens a file below an open directory, to read it. The corresponding C function is `openat`.
  public static func open(_ path: Text, below directory: borrowing FileDescriptor) throws(Errno) -> FileDescriptor {
    let number = directory.rawValue
    let descriptor = path.withCString { cplatform_open_below(number, $0) }
    guard descriptor >= 0 else { throw Errno.current }
    return FileDescriptor(owning: descriptor)
  }

  private static var nullDevice: Text { Text("/dev/null") }

  /// Opens `/dev/null`.
  public static func null() throws(Errno) -> FileDescriptor { try open(nullDevice, flags: readWrite) }

  /// Opens `/dev/null` (or `/`, where that is not there) as standard input, output and error where these are closed: what is opened
  /// next would get their numbers, and then messages, too.
  public static func openStandard() {
    while true {
      var descriptor = nullDevice.withCString { cplatform_open($0, O_RDWR, 0) }
      if descriptor < 0 { descriptor = cplatform_open("/", O_RDONLY, 0) }
      if descriptor > 2 { _ = CPlatform.close(descriptor) }
      if descriptor < 0 || descriptor > 2 { return }
    }
  }

  /// A path from the root, without symlinks, '.' and '..'. The corresponding C function is `realpath`.
  public static func absolutePath(_ path: Text) throws(Errno) -> Text {
    guard let resolved = path.withCString({ realpath($0, nil) }) else { throw Errno.current }
    defer { free(resolved) }
    var text = Text()
    text.append(cString: resolved)
    return text
  }

  /// What kind of file it is, as far as it matters for a memory device.
  public enum Kind {
    case regular
    /// Character device 1:1, `/dev/mem` (Documentation/admin-guide/devices.txt).
    case memoryDevice
    case other
  }

  /// The corresponding C function is `fstat`.
  public func kind() throws(Errno) -> Kind {
    let status = try FileStatus(of: self)
    switch status.type {
    case .regular: return .regular
    case .characterDevice: return status.device == DeviceNumber(major: 1, minor: 1) ? .memoryDevice : .other
    default: return .other
    }
  }

  deinit { _ = CPlatform.close(rawValue) }

  /// The size of the file in bytes, as `fstat` tells; 0 for a device.
  public func size() throws(Errno) -> UInt64 {
    UInt64(max(0, try FileStatus(of: self).size))
  }

  /// Keeps all others from doing the same, until it is closed; EWOULDBLOCK if somebody has. The corresponding C function is `flock`.
  public func lock() throws(Errno) {
    guard flock(rawValue, LOCK_EX | LOCK_NB) == 0 else { throw Errno.current }
  }

  /// Reads at `offset` until the buffer is full or the file ends; the bytes read. The corresponding C function is `pread`.
  @inline(never)
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(Errno) -> Int {
    var done = 0
    while done < buffer.count {
      let count = pread(rawValue, buffer.baseAddress! + done, buffer.count - done, off_t(truncatingIfNeeded: offset &+ UInt64(done)))
      if count == 0 { break }
      if count > 0 { done += count } else if Errno.current != .interrupted { throw Errno.current }
    }
    return done
  }

  /// Writes the whole buffer at `offset`; a short write that goes no further is EIO. The corresponding C function is `pwrite`.
  public func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws(Errno) {
    var done = 0
    while done < buffer.count {
      let count = pwrite(rawValue, buffer.baseAddress! + done, buffer.count - done, off_t(truncatingIfNeeded: offset &+ UInt64(done)))
      if count == 0 { throw Errno.io }
      if count > 0 { done += count } else if Errno.current != .interrupted { throw Errno.current }
    }
  }

  /// Frees the blocks of a part of the file, which keeps its size; where the file system can't, nothing changes. The corresponding C
  /// function is `fallocate` with `FALLOC_FL_PUNCH_HOLE`.
  public func punchHole(at offset: UInt64, count: UInt64) { cplatform_punch_hole(rawValue, offset, count) }

  /// Asks a driver or a file system, which reads and writes the buffer. The corresponding C function is `ioctl`.
  public func control(_ request: UInt, _ buffer: UnsafeMutableRawBufferPointer) throws(Errno) {
    guard cplatform_ioctl(rawValue, request, buffer.baseAddress!) >= 0 else { throw Errno.current }
  }

  /// Writes the text at the file's own position, all of it where the file takes it.
  public func write(_ text: Text) throws(Errno) { try Platform.write(text, to: rawValue) }

  /// The whole of a small file, at most `limit` bytes of it, for files whose size `fstat` doesn't tell (/proc, /sys).
  public func contents(limit: Int = 1 << 16) throws(Errno) -> [UInt8] { try bytes(limit, at: 0) }

  /// `count` bytes from `offset` on, fewer where the file ends. The corresponding C function is `pread`.
  public func bytes(_ count: Int, at offset: UInt64) throws(Errno) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let outcome = bytes.withUnsafeMutableBytes { buffer -> Result<Int, Errno> in
      do throws(Errno) { return .success(try read(into: buffer, at: offset)) } catch { return .failure(error) }
    }
    bytes.removeLast(count - (try outcome.get()))
    return bytes
  }

  /// Writes all bytes at `offset`. The corresponding C function is `pwrite`.
  public func write(_ bytes: [UInt8], at offset: UInt64) throws(Errno) {
    var failed: Errno?
    bytes.withUnsafeBytes { buffer in
      do throws(Errno) { try write(buffer, at: offset) } catch { failed = error }
    }
    if let failed { throw failed }
  }
}

func write(_ buffer: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
  CPlatform.write(descriptor, buffer.baseAddress, buffer.count)
}

/// Writes all of a text at the file's own position.
func write(_ text: Text, to descriptor: Int32) throws(Errno) {
  var rest = text.bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write($0, to: descriptor) }
    if count > 0 { rest = rest.dropFirst(count) } else if Errno.current != .interrupted { throw Errno.current }
  }
}
