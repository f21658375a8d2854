// Memory safety: `ask` has a buffer of its own, as long as the ioctl's number says.
import CFuse
import CPlatform
import Platform

/// Questions to the process that serves a mount, through an ioctl on the mount point. An ioctl needs no socket, and reaches the right
/// process.
public enum Control {
  /// A question. Its users define the kinds and their values.
  public struct Question: BitwiseCopyable {
    public let kind: UInt64
    public let values: InlineArray<3, UInt64>

    public init(kind: UInt64, values: InlineArray<3, UInt64> = [0, 0, 0]) {
      self.kind = kind
      self.values = values
    }
  }

  /// The bytes of an answer. An ioctl's number has 14 bits for this size (`_IOC_SIZEBITS`, asm-generic/ioctl.h).
  public static var largestAnswer: Int { 16000 }

  /// `_IOWR('o', 1, char[16000])`
  static var command: UInt32 { 3 << 30 | UInt32(largestAnswer) << 16 | UInt32(UInt8(ascii: "o")) << 8 | 1 }

  /// Asks the process that serves a directory. ENOTTY or ENOSYS: no oldmemfs serves it. The corresponding C function is `ioctl`.
  public static func ask(_ question: Question, at directory: Text) throws(Errno) -> [UInt64] {
    let file = try FileDescriptor.open(directory, flags: FileDescriptor.readOnly)
    var words = [UInt64](repeating: 0, count: largestAnswer / 8)
    let outcome = words.withUnsafeMutableBytes { buffer -> Errno? in
      buffer.storeBytes(of: question, as: Question.self)
      do throws(Errno) { try file.control(UInt(command), buffer) } catch { return error }
      return nil
    }
    if let outcome { throw outcome }
    return words
  }
}

extension Server {
  /// Answers a question. Returns false if the ioctl is none.
  static func answer(_ request: fuse_req_t?, _ command: UInt32, _ input: UnsafeRawBufferPointer, upTo outputSize: Int) -> Bool {
    let server = Server.of(request)
    guard command == Control.command, let answer = server.answer, input.count >= MemoryLayout<Control.Question>.size else { return false }
    // The answers tell physical addresses.
    guard fuse_req_ctx(request)?.pointee.uid == 0 else {
      fuse_reply_err(request, EPERM)
      return true
    }
    let reply = answer(input.loadUnaligned(as: Control.Question.self), server.fileSystem)
    guard reply.count * 8 <= outputSize else { return false }
    _ = reply.withUnsafeBytes { fuse_reply_ioctl(request, 0, $0.baseAddress, $0.count) }
    return true
  }
}
