import Platform

/// What running programs have open below a directory.
enum OpenFiles {
  /// Why the directory must stay: a program writes to a file in it (what it writes would go where nobody sees it any more), or
  /// works in it. Nil if nobody does. Files that are only read, or executed, are no reason: they stay whole for who has them.
  static func reasonToStay(_ directory: Text) -> Text? {
    for process in Files.names(in: Text("/proc")) where process.number() != nil {
      let base = Text("/proc").joined(process)
      if isBelow(directory, base.joined(Text("cwd"))) { return reason("works in it", process) }
      let descriptors = base.joined(Text("fd"))
      for descriptor in Files.names(in: descriptors)
      where isBelow(directory, descriptors.joined(descriptor)) && isWritable(base, descriptor) {
        return reason("writes to a file in it", process)
      }
    }
    return nil
  }

  private static func reason(_ what: Literal, _ process: Text) -> Text {
    Text("process % %", process, Text(what))
  }

  /// Whether a link of /proc leads to the directory or below it.
  private static func isBelow(_ directory: Text, _ link: Text) -> Bool {
    guard let path = (try? Files.goal(ofSymlink: link))?.bytes else { return false }
    return path.starts(with: directory.bytes)
      && (path.count == directory.bytes.count || path[directory.bytes.count] == UInt8(ascii: "/"))
  }

  /// By the `flags` line of fdinfo (proc(5)), octal: O_WRONLY is 1, O_RDWR 2.
  private static func isWritable(_ process: Text, _ descriptor: Text) -> Bool {
    let info = Files.contents(of: process.joined(Text("fdinfo")).joined(descriptor), limit: 4096)
    guard let last = info.bytes.line(after: Text("flags:"))?.bytes.last else { return false }
    return last & 3 != 0
  }
}
