import Platform

/// How a file system is mounted.
public struct SessionOptions {
  /// What `mount` and /proc/mounts name as the source.
  public var source = Text()
  /// The kernel's own.
  public var flags = MountFlags()

  public init() {}

  /// The one list that libfuse takes.
  ///
  /// allow_other and default_permissions: it is a file system for everybody, and the kernel checks modes. libfuse mounts
  /// nosuid,nodev unless told otherwise; a tmpfs is suid,dev.
  var list: Text {
    var list = Text("allow_other,default_permissions,subtype=oldmemfs,suid,dev,fsname=")
    for byte in source.bytes {
      // libfuse's parser takes a backslash before a comma or a backslash.
      if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\\") { list.append("\\") }
      list.append(byte: byte)
    }
    flags.append(to: &list)
    return list
  }
}
