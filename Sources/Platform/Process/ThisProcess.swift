import CPlatform

/// The process that this program is.
public enum ThisProcess {
  /// Its number. The corresponding C function is `getpid`.
  public static var id: Int32 { getpid() }

  /// Becomes another program. Returns only on failure. `words` are its command line, with its name first. The corresponding C function
  /// is `execv`.
  public static func execute(_ path: Text, _ words: [Text]) throws(Errno) -> Never {
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { word in word.withCString { strdup($0) } }
    pointers.append(nil)
    _ = path.withCString { execv($0, pointers) }
    let error = Errno.current
    for pointer in pointers { free(pointer) }
    throw error
  }

  /// Ends at once, without handlers of atexit(3). The corresponding C function is `_exit`.
  public static func end(code: Int32) -> Never { _exit(code) }

  /// Leads a new session and a new process group. The corresponding C function is `setsid`.
  public static func leadSession() { _ = setsid() }

  /// From now on orphans among its descendants become its children. The corresponding C function is `prctl(PR_SET_CHILD_SUBREAPER)`.
  public static func adoptOrphans() { _ = cplatform_adopt_orphans() }

  /// The corresponding C function is `usleep`.
  public static func sleep(milliseconds: UInt32) { _ = usleep(milliseconds * 1000) }
}
