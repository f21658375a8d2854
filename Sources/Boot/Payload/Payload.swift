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
  /// Where it begins in that file.
  private let start: UInt64
  /// The number of packed bytes, without the seal.
  private let length: UInt64
  /// Whether its file is another's, and is only read.
  private let isHidden: Bool

  /// Opens and checks a payload, and repairs it in place by its parity.
  init(path: Text) throws(PayloadError) {
    self.path = path
    start = 0
    isHidden = false
    var damaged = false
    do throws(Errno) {
      let file = try FileDescriptor.open(path, flags: FileDescriptor.readWrite)
      let size = try file.size()
      let seal = Seal(of: file, 0..<size)
      // The seal is damaged, or was never made. xz's own checksums remain.
      if seal == nil { Log.line("the payload's seal can't be read") }
      length = seal?.length ?? size
      if let seal, !seal.makeWhole(file) { damaged = true }
    } catch { throw .unreadable(path, error) }
    if damaged { throw .damaged }
  }

  /// Opens and checks a payload inside an image of the kernel's, which is left as it is.
  private init(in image: Text, at place: Range<UInt64>, length: UInt64) {
    path = image
    start = place.lowerBound
    self.length = length
    isHidden = true
  }

  /// The payload that the kernel did not unpack (`pack --payload hidden`), in the image that it keeps. If it is damaged, it is copied, so
  /// that it can be repaired.
  ///
  /// - Parameter copy: the path for the copy.
  static func hidden(in image: KeptImage, copy: Text) throws(PayloadError) -> Payload {
    do throws(Errno) {
      let file = try FileDescriptor.open(image.path, flags: FileDescriptor.readOnly)
      guard let place = try HiddenEntry.find(in: file, image.place) else { throw Errno.noEntry }
      if let seal = Seal(of: file, place), seal.isWhole(file) { return Payload(in: image.path, at: place, length: seal.length) }
      try HiddenEntry.copy(place, of: file, to: copy)
    } catch { throw .unreadable(image.path, error) }
    return try Payload(path: copy)
  }

  /// - Parameter frees: gives the payload's memory back as it is read.
  func stream(frees: Bool) throws(FileTreeError) -> ArchiveStream {
    let frees = frees && !isHidden
    let file = try FileTreeError.naming(path) { () throws(Errno) in
      try FileDescriptor.open(path, flags: frees ? FileDescriptor.readWrite : FileDescriptor.readOnly)
    }
    return try ArchiveStream(file, from: start, length: length, frees: frees)
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
