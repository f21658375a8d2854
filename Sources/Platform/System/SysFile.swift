/// A file of sysfs or of /proc/sys: a value, and a line's end.
public enum SysFile {
  /// The value; nothing if it can't be read.
  public static func text(_ folder: Text, _ name: Literal) -> Text {
    Files.contents(of: Text("%/%", folder, Text(name)), limit: 4096).split(UInt8(ascii: "\n")).first ?? Text()
  }

  public static func write(_ value: Text, _ folder: Text, _ name: Literal) throws(Errno) {
    try FileDescriptor.open(Text("%/%", folder, Text(name)), flags: FileDescriptor.writeOnly).write(value)
  }

  public static func write(_ value: Literal, _ folder: Text, _ name: Literal) throws(Errno) { try write(Text(value), folder, name) }
}
