// Memory safety: the buffer of a question is this function's own and as long as the ioctl's number says.
import CFuse
import CPlatform
import Platform

/// Questions to the process that serves a mount, asked through an ioctl on its directory: it needs no socket, no name and no
/// memory of its own, and whoever can open the directory knows whom he asks.
public enum Control {
  /// What is asked, from where on, and what with it; the meaning is the two ends' own.
  public struct Question: BitwiseCopyable {
    public let kind: UInt64
    public let cursor: UInt64
    public let values: InlineArray<3, UInt64>

    public init(kind: UInt64, cursor: UInt64, values: InlineArray<3, UInt64> = [0, 0, 0]) {
      self.kind = kind
      self.cursor = cursor
      self.values = values
    }

    /// The numbers of a question one after the other, as an ioctl's buffer has them.
    static var byteCount: Int { 40 }

    init(_ bytes: UnsafeRawBufferPointer) {
      var numbers = InlineArray<5, UInt64>(repeating: 0)
      for index in 0..<5 { numbers[index] = bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) }
      self.init(kind: numbers[0], cursor: numbers[1], values: [numbers[2], numbers[3], numbers[4]])
    }

    func store(in bytes: UnsafeMutableRawBufferPointer) {
      for (index, number) in [kind, cursor, values[0], values[1], values[2]].enumerated() {
        bytes.storeBytes(of: number, toByteOffset: index * 8, as: UInt64.self)
      }
    }
  }

  /// The most bytes of an answer: an ioctl's number has 14 bits for its size (`_IOC_SIZEBITS`, asm-generic/ioctl.h).
  public static var largestAnswer: Int { 16000 }

  /// `_IOWR('o', 1, char[16000])`
  static var command: UInt32 { 3 << 30 | UInt32(largestAnswer) << 16 | UInt32(UInt8(ascii: "o")) << 8 | 1 }

  /// Asks the process that serves a directory. ENOTTY or ENOSYS: it is no oldmemfs's. The corresponding C function is `ioctl`.
  public static func ask(_ question: Question, at directory: Text) throws(Errno) -> [UInt8] {
    let file = try FileDescriptor.open(directory, flags: FileDescriptor.readOnly)
    var bytes = [UInt8](repeating: 0, count: largestAnswer)
    let outcome = bytes.withUnsafeMutableBytes { buffer -> Errno? in
      question.store(in: buffer)
      do throws(Errno) { try file.control(UInt(command), buffer) } catch { return error }
      return nil
    }
    if let outcome { throw outcome }
    return bytes
  }
}

extension Server {
  static func addControl(to operations: inout fuse_lowlevel_ops) {
    operations.ioctl = { request, _, command, _, _, _, input, inputSize, outputSize in
      let server = Server.of(request)
      guard command == Control.command, let answer = server.answer, let input, inputSize >= Control.Question.byteCount else {
        fuse_reply_err(request, ENOTTY)
        return
      }
      // It tells where in memory things are.
      guard fuse_req_ctx(request)?.pointee.uid == 0 else {
        fuse_reply_err(request, EPERM)
        return
      }
      let bytes = UnsafeRawBufferPointer(start: input, count: inputSize)
      let reply = answer(Control.Question(bytes), server.fileSystem)
      guard reply.count <= outputSize else {
        fuse_reply_err(request, ENOTTY)
        return
      }
      _ = reply.withUnsafeBytes { fuse_reply_ioctl(request, 0, $0.baseAddress, $0.count) }
    }
  }
}
