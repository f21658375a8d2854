import CPlatform

/// What is mounted where.
public enum Mounts {
  /// Mounts a file system of the kernel's own, such as proc. The corresponding C function is `mount`.
  public static func mount(_ type: Text, at place: Text, flags: MountFlags) throws(Errno) {
    try Errno.check(type.withCString { type in place.withCString { CPlatform.mount(type, $0, type, flags.rawValue, nil) } })
  }

  /// Has a directory seen at another place, too, without what is mounted below it. The corresponding C function is `mount` with `MS_BIND`.
  public static func bind(_ directory: Text, at place: Text) throws(Errno) {
    try Errno.check(directory.withCString { directory in place.withCString { CPlatform.mount(directory, $0, nil, UInt(MS_BIND), nil) } })
  }

  /// What is mounted below this place, or taken away there, is so there alone. The corresponding C function is `mount` with `MS_PRIVATE`.
  public static func makePrivate(_ place: Text) throws(Errno) {
    try Errno.check(place.withCString { CPlatform.mount(nil, $0, nil, UInt(MS_PRIVATE), nil) })
  }

  /// Changes options of what is mounted. The corresponding C function is `mount` with `MS_REMOUNT`.
  public static func remount(_ place: Text, options: Text) throws(Errno) {
    try Errno.check(place.withCString { place in options.withCString { CPlatform.mount(nil, place, nil, UInt(MS_REMOUNT), $0) } })
  }

  /// Lets nobody write to what is mounted; EBUSY while a file is open for writing. The corresponding C function is `mount` with `MS_REMOUNT`
  /// and `MS_RDONLY`.
  public static func makeReadOnly(_ place: Text) throws(Errno) {
    try Errno.check(place.withCString { CPlatform.mount(nil, $0, nil, UInt(MS_REMOUNT | MS_RDONLY), nil) })
  }

  /// Takes away what is mounted, unless somebody uses it (EBUSY). The corresponding C function is `umount2`.
  public static func unmount(_ place: Text) throws(Errno) { try Errno.check(place.withCString { umount2($0, 0) }) }

  /// Takes away what is mounted, at once: who uses it may go on. The corresponding C function is `umount2` with `MNT_DETACH`.
  public static func detach(_ place: Text) throws(Errno) {
    try Errno.check(place.withCString { umount2($0, Int32(MNT_DETACH)) })
  }

  /// `FUSE_SUPER_MAGIC`, linux/magic.h
  private static var fuseMagic: Int { 0x6573_5546 }

  /// Whether a path leads into a FUSE file system; ENOTCONN where the process that serves it is gone. The corresponding C function is
  /// `statfs`.
  public static func isFuse(_ path: Text) throws(Errno) -> Bool {
    var system = statfs()
    try Errno.check(path.withCString { statfs($0, &system) })
    return Int(system.f_type) == fuseMagic
  }

  /// The number of the device that the files at a mount point are on, as in /proc/self/mountinfo: 0:45. What is mounted there is asked
  /// nothing: it may be this process that serves it. The corresponding C function is `statx`.
  public static func device(at place: Text) throws(Errno) -> Text {
    var (major, minor): (UInt32, UInt32) = (0, 0)
    try Errno.check(place.withCString { cplatform_device_of_mount($0, &major, &minor) })
    return Text("%:%", UInt64(major), UInt64(minor))
  }
}
