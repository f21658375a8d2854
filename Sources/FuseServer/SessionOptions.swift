import Platform

/// The options of a mount.
public struct SessionOptions {
  /// The source, as `mount` and /proc/mounts show it.
  public var source = Text()
  /// The flags that the kernel itself applies.
  public var flags = MountFlags()
  /// Whether all data are checked while no request comes.
  public var scrubs = false

  public init() {}

  /// The options as libfuse takes them, in one list.
  ///
  /// `allow_other`: every user has access. `default_permissions`: the kernel checks modes. `suid,dev`: as a tmpfs is mounted; libfuse's
  /// default is `nosuid,nodev`.
  var list: Text {
    var list = Text("allow_other,default_permissions,subtype=oldmemfs,suid,dev,fsname=")
    for byte in source.bytes {
      // libfuse's parser wants a backslash before a comma and before a backslash.
      if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\\") { list.append("\\") }
      list.append(byte: byte)
    }
    flags.append(to: &list)
    return list
  }
}
