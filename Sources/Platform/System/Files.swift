// Memory safety: the buffer for a symlink's goal is an array of its own, handed to one call with its own count.
import CPlatform

/// Files by their paths.
public enum Files {
  /// Whether a path leads to anything. The corresponding C function is `access`.
  public static func exists(_ path: Text) -> Bool { path.withCString { access($0, F_OK) } == 0 }

  /// The contents of a small file, at most `limit` bytes of them; nothing if it can't be read.
  @inline(never)
  public static func contents(of path: Text, limit: Int = 1 << 16) -> Text {
    do throws(Errno) {
      return Text(bytes: try FileDescriptor.open(path, flags: FileDescriptor.readOnly).contents(limit: limit))
    } catch { return Text() }
  }

  /// Makes a directory; none where there is something of that name. The corresponding C function is `mkdir`.
  public static func makeDirectory(_ path: Text, mode: UInt32) throws(Errno) {
    do throws(Errno) { try Errno.check(path.withCString { mkdir($0, mode) }) } catch {
      guard error == .exists else { throw error }
    }
  }

  /// Makes another name of a file. The corresponding C function is `link`.
  public static func makeLink(_ path: Text, to file: Text) throws(Errno) {
    try Errno.check(file.withCString { file in path.withCString { link(file, $0) } })
  }

  /// The corresponding C function is `symlink`.
  public static func makeSymlink(_ path: Text, to goal: Text) throws(Errno) {
    try Errno.check(goal.withCString { goal in path.withCString { symlink(goal, $0) } })
  }

  /// Makes a device node, a FIFO or a socket, as the mode says. The corresponding C function is `mknod`.
  public static func makeNode(_ path: Text, mode: UInt32, device: DeviceNumber) throws(Errno) {
    try Errno.check(path.withCString { mknod($0, mode, dev_t(device.rawValue)) })
  }

  /// What a symlink says. The corresponding C function is `readlink`.
  public static func goal(ofSymlink path: Text) throws(Errno) -> Text {
    var goal = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = path.withCString { path in goal.withUnsafeMutableBufferPointer { readlink(path, $0.baseAddress!, $0.count - 1) } }
    guard count >= 0 else { throw Errno.current }
    var text = Text()
    text.append(cString: goal)
    return text
  }

  /// Sets owner, mode (none of a symlink) and times, in the order in which none undoes another. The corresponding C functions are `lchown`,
  /// `chmod` and `utimensat`.
  public static func setAttributes(_ attributes: FileAttributes, of path: Text) throws(Errno) {
    try Errno.check(path.withCString { lchown($0, attributes.owner, attributes.group) })
    // After the owner: chown clears setuid and setgid.
    if FileType(mode: attributes.mode) != .symlink { try Errno.check(path.withCString { chmod($0, attributes.mode & 0o7777) }) }
    let times = [timespec(attributes.accessed), timespec(attributes.modified)]
    try Errno.check(path.withCString { utimensat(AT_FDCWD, $0, times, AT_SYMLINK_NOFOLLOW) })
  }

  /// Gives a file another name, at once, which replaces what had that name. The corresponding C function is `rename`.
  public static func rename(_ path: Text, to other: Text) throws(Errno) {
    try Errno.check(path.withCString { path in other.withCString { CPlatform.rename(path, $0) } })
  }

  /// Removes a name that is no directory's. The corresponding C function is `unlink`.
  public static func remove(_ path: Text) throws(Errno) { try Errno.check(path.withCString { unlink($0) }) }

  /// The corresponding C function is `rmdir`.
  public static func removeDirectory(_ path: Text) throws(Errno) { try Errno.check(path.withCString { rmdir($0) }) }

  /// The names in a directory but "." and ".."; none if it can't be read. The corresponding C function is `readdir`.
  public static func names(in path: Text) -> [Text] {
    guard let directory = path.withCString({ opendir($0) }) else { return [] }
    defer { closedir(directory) }
    var names: [Text] = []
    while let entry = readdir(directory) {
      var name = Text()
      withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { name.append(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      names.append(name)
    }
    return names
  }

  /// Writes what all file systems still have to write, and waits for it. The corresponding C function is `sync`.
  public static func sync() { CPlatform.sync() }
}
