import Glibc

/// The lines of a small text file.
struct TextLines {
  let lines: [Substring]

  init(path: String, mayBeEmpty: Bool = false) throws(LabError) {
    if mayBeEmpty, Self.isEmpty(path) {
      lines = []
      return
    }
    let file = try MappedFile(path: path)
    lines = String(decoding: try file.bytes(at: 0, count: file.size), as: UTF8.self).split(separator: "\n")
  }

  /// Whether the file exists and is empty.
  private static func isEmpty(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_size == 0
  }
}
