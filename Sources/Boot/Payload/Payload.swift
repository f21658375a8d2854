import Platform

/// The packed second stage: an .xz file of a cpio archive, with a seal at its end.
///
/// The seal has a checksum of each page, and 16 pages of parity. Page `n` belongs to group `n mod 16`; the group's parity page is the
/// exclusive or of its pages. One damaged page of each group can be repaired, such as 16 pages in a row. `oldmemfs seal` makes the seal
/// when the initramfs is built.
///
/// The layout, in little endian:
/// - the packed bytes, padded to a page
/// - 16 pages of parity
/// - a list: a CRC32C (4 bytes) of each page and of each parity page, and the number of packed bytes (8 bytes)
/// - the CRC32C of the list, 4 bytes of zeros, and the 8 letters of `magic`
struct Payload {
  /// The number of groups, each with a parity page.
  static var groups: Int { 16 }
  static var pageBytes: Int { 4096 }
  static var trailerBytes: Int { 24 }
  static var magic: Literal { "OMFSEAL1" }

  private let path: Text
  /// The number of packed bytes, without the seal.
  private let length: UInt64

  /// Opens and checks a payload, and repairs it in place by its parity.
  init(path: Text) throws(PayloadError) {
    self.path = path
    var damaged = false
    do throws(Errno) {
      let file = try FileDescriptor.open(path, flags: FileDescriptor.readWrite)
      let size = try file.size()
      let seal = Seal(of: file, size: size)
      // The seal is damaged, or was never made. xz's own checksums remain.
      if seal == nil { Log.line("the payload's seal can't be read") }
      length = seal?.length ?? size
      if let seal, !seal.makeWhole(file) { damaged = true }
    } catch { throw .unreadable(path, error) }
    if damaged { throw .damaged }
  }

  func stream(frees: Bool) throws(FileTreeError) -> ArchiveStream {
    let file = try FileTreeError.naming(path) { () throws(Errno) in
      try FileDescriptor.open(path, flags: frees ? FileDescriptor.readWrite : FileDescriptor.readOnly)
    }
    return try ArchiveStream(file, length: length, frees: frees)
  }
}

/// Why the payload can't be unpacked.
enum PayloadError: Error, Describable {
  case unreadable(Text, Errno)
  case damaged

  func describe(to text: inout Text) {
    switch self {
    case .unreadable(let path, let error): text.append("can't read the payload %: %", path, error.text)
    case .damaged: text.append("the payload is damaged beyond repair")
    }
  }
}
