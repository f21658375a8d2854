import CPlatform

/// A pipe: what is written at one end is read at the other.
@frozen public struct Pipe: ~Copyable {
  public let reading: FileDescriptor
  public let writing: FileDescriptor

  /// The corresponding C function is `pipe2` with `O_CLOEXEC`.
  public init() throws(Errno) {
    var reading: Int32 = -1
    var writing: Int32 = -1
    guard cplatform_pipe(&reading, &writing) == 0 else { throw Errno.current }
    self.reading = FileDescriptor(owning: reading)
    self.writing = FileDescriptor(owning: writing)
  }
}

extension FileDescriptor {
  /// Closes it now. The corresponding C function is `close`.
  public consuming func close() {}

  /// Makes a standard stream the same open file, also for the programs that this process becomes. The stream must have been open (see
  /// `openStandard`). The corresponding C function is `dup2`.
  public func become(_ stream: StandardStream) { _ = dup2(rawValue, stream.rawValue) }

  /// Waits for the next byte, from the file's position on; nil where the file ends or can't be read.
  public func readByte() -> UInt8? { Platform.readByte(from: rawValue) }

  /// Writes a byte at the file's position. What can't be written is left out.
  public func write(byte: UInt8) { Platform.write(byte: byte, to: rawValue) }

  /// Waits until there is something to read, or nothing will come any more, some seconds at most; false if the time is over before.
  /// The corresponding C function is `poll`.
  public func waitForInput(seconds: Int32) -> Bool {
    var waiting = pollfd(fd: rawValue, events: Int16(POLLIN), revents: 0)
    while true {
      let count = poll(&waiting, 1, seconds * 1000)
      if count == 0 { return false }
      if count > 0 || Errno.current != .interrupted { return true }
    }
  }
}

/// The descriptors that a program is started with.
public enum StandardStream: Int32, CaseIterable {
  case input, output, error

  /// Waits for the next byte; nil where the stream ends or can't be read.
  public func readByte() -> UInt8? { Platform.readByte(from: rawValue) }

  /// Writes a byte. What can't be written is left out.
  public func write(byte: UInt8) { Platform.write(byte: byte, to: rawValue) }

  /// Writes all of a text.
  public func write(_ text: Text) throws(Errno) { try Platform.write(text, to: rawValue) }
}

private func readByte(from descriptor: Int32) -> UInt8? {
  var byte: UInt8 = 0
  while true {
    let count = CPlatform.read(descriptor, &byte, 1)
    if count == 1 { return byte }
    guard count < 0, Errno.current == .interrupted else { return nil }
  }
}

private func write(byte: UInt8, to descriptor: Int32) {
  var byte = byte
  while CPlatform.write(descriptor, &byte, 1) < 0, Errno.current == .interrupted {}
}
