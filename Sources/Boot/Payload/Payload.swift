import Platform

/// The packed second stage: an .xz file that holds a cpio archive, sealed at its end.
///
/// The seal is made when the initramfs is built (`oldmemfs seal`): a checksum of each page, and a few pages of parity. Page `n`
/// belongs to group `n mod 16`, whose parity page is the exclusive or of its pages, so that one damaged page of each group
/// can be made whole again, such as 16 in a row. Layout: the packed bytes, padded to a page; 16 pages of parity; a CRC32C
/// (4 bytes, little endian) of each page and of each page of parity; the packed bytes' count (8 bytes), the CRC32C of
/// that list with the count, 4 bytes of zeros and the eight letters of `magic`.
struct Payload {
  /// Pages of parity, and groups.
  static var groups: Int { 16 }
  static var pageBytes: Int { 4096 }
  static var trailerBytes: Int { 24 }
  static var magic: Literal { "OMFSEAL1" }

  private let path: Text
  /// Packed bytes, without the seal.
  private let length: UInt64

  /// Opens and checks a payload, and repairs in place what its parity can.
  init(path: Text) throws(PayloadError) {
    self.path = path
    var damaged = false
    do throws(Errno) {
      let file = try FileDescriptor.open(path, flags: FileDescriptor.readWrite)
      let size = try file.size()
      let seal = Seal(of: file, size: size)
      // Damaged just there, or never made: xz's own checksums are left.
      if seal == nil { Log.line("the payload's seal is not to be read") }
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

/// Why there is no payload to unpack.
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
