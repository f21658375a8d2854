import Platform

/// The use of a directory, or of a file, by running programs.
enum OpenFiles {
  /// Why it must stay: a process works in the directory, or has the file, or one in the directory, open for writing, whose changes the copy
  /// would not get. nil if there is no such process. A file that is read or executed is no reason: the process keeps it.
  static func reasonToStay(_ place: Text) -> Text? {
    for process in Files.names(in: Text("/proc")) where process.number() != nil {
      let base = Text("/proc").joined(process)
      if isBelow(place, base.joined(Text("cwd"))) { return reason("works in it", process) }
      let descriptors = base.joined(Text("fd"))
      for descriptor in Files.names(in: descriptors)
      where isBelow(place, descriptors.joined(descriptor)) && isWritable(base, descriptor) {
        let isFile = (try? FileStatus(of: place))?.type == .regular
        return reason(isFile ? "writes to it" : "writes to a file in it", process)
      }
    }
    return nil
  }

  private static func reason(_ what: Literal, _ process: Text) -> Text {
    Text("process % %", process, Text(what))
  }

  /// Whether a symlink in /proc leads to the place, or to a file below it.
  private static func isBelow(_ place: Text, _ link: Text) -> Bool {
    guard let path = (try? Files.goal(ofSymlink: link))?.bytes else { return false }
    return path.starts(with: place.bytes) && (path.count == place.bytes.count || path[place.bytes.count] == UInt8(ascii: "/"))
  }

  /// Whether a descriptor is open for writing, by the `flags` of its fdinfo (proc(5)), in octal: O_WRONLY is 1, O_RDWR is 2.
  private static func isWritable(_ process: Text, _ descriptor: Text) -> Bool {
    let info = Files.contents(of: process.joined(Text("fdinfo")).joined(descriptor), limit: 4096)
    guard let last = info.bytes.line(after: Text("flags:"))?.bytes.last else { return false }
    return last & 3 != 0
  }
}
