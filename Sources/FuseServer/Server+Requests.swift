// Memory safety: the bytes that come with an ioctl lie in the request, which libfuse keeps until it is answered.
import CFuse
import CPlatform
import FileSystem

/// ioctl(2): chattr(1)'s flags, and `Control`.
///
/// For chattr's flags the kernel itself sends the request, after it has checked the caller's right to set them (`vfs_fileattr_set`, since
/// 5.13); such a request has no address of the caller's. A request with an address comes from an older kernel, which passes on the
/// request of any caller. It is refused: a tmpfs of such a kernel has no flags either.
extension Server {
  static func addRequests(to operations: inout fuse_lowlevel_ops) {
    operations.ioctl = { request, inode, command, argument, _, _, input, inputSize, outputSize in
      let input = UnsafeRawBufferPointer(start: input, count: input == nil ? 0 : inputSize)
      let isAnswered =
        argument == nil
        ? Server.answerFlags(request, InodeNumber(inode), command, input) : Server.answer(request, command, input, upTo: outputSize)
      if !isAnswered { fuse_reply_err(request, ENOTTY) }
    }
  }

  /// FS_IOC_… (linux/fs.h), as `_IOR` and `_IOW` make them.
  private enum FlagsCommand: UInt32 {
    case get = 0x8008_6601
    case set = 0x4008_6602
    case getExtended = 0x801c_581f
    case setExtended = 0x401c_5820
  }

  /// `struct fsxattr` (linux/fs.h).
  private struct ExtendedFlags: BitwiseCopyable {
    var flags: UInt32
    /// The sizes and the number of extents and the project's id, which a tmpfs has none of, and padding.
    var others: InlineArray<6, UInt32> = [0, 0, 0, 0, 0, 0]
  }

  /// Answers a request about flags. Returns false if it is another one.
  private static func answerFlags(
    _ request: fuse_req_t?, _ inode: InodeNumber, _ command: UInt32, _ input: UnsafeRawBufferPointer
  ) -> Bool {
    guard let command = FlagsCommand(rawValue: command) else { return false }
    let server = of(request)
    let fileSystem = server.fileSystem
    do throws(FileSystemError) {
      switch command {
      case .get: reply(request, try fileSystem.flags(of: inode).word)
      case .getExtended: reply(request, ExtendedFlags(flags: try fileSystem.flags(of: inode).extendedWord))
      case .set:
        let word = try decode(UInt32.self, input)
        try server.set(FileFlags(word: word), of: inode, request)
      case .setExtended:
        let all = try decode(ExtendedFlags.self, input)
        guard all.others[0] == 0, all.others[2] == 0, all.others[3] == 0 else { throw FileSystemError.unsupported }
        try server.set(FileFlags(extendedWord: all.flags), of: inode, request)
      }
    } catch { server.fail(request, error) }
    return true
  }

  private static func decode<Value: BitwiseCopyable>(_ type: Value.Type, _ input: UnsafeRawBufferPointer) throws(FileSystemError) -> Value {
    guard input.count >= MemoryLayout<Value>.size else { throw .invalid }
    return input.loadUnaligned(as: type)
  }

  private static func reply<Value: BitwiseCopyable>(_ request: fuse_req_t?, _ value: Value) {
    _ = withUnsafeBytes(of: value) { fuse_reply_ioctl(request, 0, $0.baseAddress, $0.count) }
  }

  private func set(_ flags: FileFlags, of inode: InodeNumber, _ request: fuse_req_t?) throws(FileSystemError) {
    try fileSystem.setFlags(of: inode, to: flags)
    tellUnseen()
    fuse_reply_ioctl(request, 0, nil, 0)
  }
}
