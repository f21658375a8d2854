import Platform

/// Why files could not be unpacked or copied.
enum FileTreeError: Error, Describable {
  /// The payload has a wrong checksum, or is no archive.
  case damaged
  case noMemory
  /// A file could not be read, made or written.
  case failed(Text, Errno)

  func describe(to text: inout Text) {
    switch self {
    case .damaged: text.append("the payload is damaged")
    case .noMemory: text.append("no memory to unpack the payload")
    case .failed(let path, let error): text.append("%: %", path, error.text)
    }
  }

  /// Runs a system call, and adds the path to its error.
  static func naming<Result: ~Copyable>(_ path: Text, _ call: () throws(Errno) -> Result) throws(FileTreeError) -> Result {
    do throws(Errno) { return try call() } catch { throw .failed(path, error) }
  }
}
