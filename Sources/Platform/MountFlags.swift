import CPlatform

/// The kernel's own mount flags (sys/mount.h), by the names that mount(8) has for them.
public struct MountFlags: Equatable {
  public private(set) var rawValue: UInt = 0

  /// The flags that options set, a later option over an earlier; what is no flag is passed over.
  public init(_ options: [Text]) {
    for option in options {
      for flag in Self.names where option == flag.name {
        rawValue = flag.isSet ? rawValue | flag.bit : rawValue & ~flag.bit
      }
    }
  }

  private struct Name {
    let name: Literal
    let bit: UInt
    let isSet: Bool

    init(_ name: Literal, _ bit: Int, _ isSet: Bool) {
      self.name = name
      self.bit = UInt(bit)
      self.isSet = isSet
    }
  }

  private static var names: [Name] {
    [
      Name("ro", Int(MS_RDONLY), true), Name("rw", Int(MS_RDONLY), false),
      Name("nosuid", Int(MS_NOSUID), true), Name("suid", Int(MS_NOSUID), false),
      Name("nodev", Int(MS_NODEV), true), Name("dev", Int(MS_NODEV), false),
      Name("noexec", Int(MS_NOEXEC), true), Name("exec", Int(MS_NOEXEC), false),
      Name("sync", Int(MS_SYNCHRONOUS), true), Name("async", Int(MS_SYNCHRONOUS), false),
      Name("dirsync", Int(MS_DIRSYNC), true),
      Name("noatime", Int(MS_NOATIME), true), Name("atime", Int(MS_NOATIME), false),
    ]
  }

  /// Sets the flags of what is mounted at a directory. The corresponding C function is `mount` with `MS_REMOUNT`.
  public func remount(_ directory: Text) throws(Errno) {
    let done = directory.withCString { mount("none", $0, nil, rawValue | UInt(MS_REMOUNT), nil) }
    guard done == 0 else { throw Errno.current }
  }
}
