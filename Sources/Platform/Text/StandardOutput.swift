import CPlatform

/// The program's standard output.
public enum StandardOutput {
  /// Writes all of the text.
  public static func write(_ text: Text) throws(Errno) {
    var rest = text.bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Platform.write($0, to: STDOUT_FILENO) }
      if count > 0 { rest = rest.dropFirst(count) } else if Errno.current != .interrupted { throw Errno.current }
    }
  }
}
