import Platform

/// /proc/self/mounts (proc(5)), as far as it is needed here.
enum MountTable {
  struct Entry {
    let place: Text
    let type: Text
  }

  static func read() -> [Entry] {
    guard let file = try? FileDescriptor.open(Text("/proc/self/mounts"), flags: FileDescriptor.readOnly),
      let bytes = try? file.contents(limit: 1 << 18)
    else { return [] }
    var entries: [Entry] = []
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      let words = line.split(separator: UInt8(ascii: " "))
      guard words.count > 2 else { continue }
      entries.append(Entry(place: Text(bytes: words[1]), type: Text(bytes: words[2])))
    }
    return entries
  }
}
