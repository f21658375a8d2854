import Platform

/// The places and types of the mounts in /proc/self/mounts (proc(5)).
enum MountTable {
  struct Entry {
    let place: Text
    let type: Text
  }

  static func read() -> [Entry] {
    Files.contents(of: Text("/proc/self/mounts"), limit: 1 << 18).split(UInt8(ascii: "\n")).compactMap { line in
      let words = line.split(UInt8(ascii: " "))
      return words.count > 2 ? Entry(place: words[1], type: words[2]) : nil
    }
  }
}
