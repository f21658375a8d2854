/// The lines of a small text file.
struct TextLines {
  let lines: [Substring]

  init(path: String) throws(LabError) {
    let file = try MappedFile(path: path)
    lines = String(decoding: try file.bytes(at: 0, count: file.size), as: UTF8.self).split(separator: "\n")
  }
}
