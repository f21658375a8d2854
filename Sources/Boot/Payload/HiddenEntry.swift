import Platform

/// An entry of a cpio archive that the kernel does not unpack: a directory by its mode, but with contents (`do_header`,
/// init/initramfs.c, 5.10 to 7.2, skips to the next entry).
enum HiddenEntry {
  /// "oldmemfs.payload", with its NUL.
  private static var name: Literal { "oldmemfs.payload" }
  private static var magic: Literal { "070701" }
  /// The header, the name and a byte that aligns the contents (Documentation/driver-api/early-userspace/buffer-format.rst).
  private static var headerBytes: Int { 110 }
  private static var bytesBefore: Int { 128 }
  private static var chunk: Int { 1 << 16 }

  /// Where in a file the contents of the entry lie, of an image that lies in a part of it; nil if there is no such entry. A header begins at
  /// a multiple of four.
  static func find(in file: borrowing FileDescriptor, _ image: Range<UInt64>) throws(Errno) -> Range<UInt64>? {
    let end = image.upperBound
    var offset = image.lowerBound
    while end - offset >= UInt64(bytesBefore) {
      let bytes = try file.bytes(Int(min(UInt64(chunk + bytesBefore), end - offset)), at: offset)
      guard bytes.count >= bytesBefore else { return nil }
      for place in stride(from: 0, through: min(bytes.count - bytesBefore, chunk - 4), by: 4) where bytes[place] == UInt8(ascii: "0") {
        guard let count = contents(bytes[place..<place + bytesBefore]) else { continue }
        let start = offset + UInt64(place + bytesBefore)
        return start <= end && count <= end - start ? start..<start + count : nil
      }
      offset += min(UInt64(chunk), end - offset)
    }
    return nil
  }

  /// The number of bytes that the entry has if these are its header; nil if they are not.
  private static func contents(_ header: ArraySlice<UInt8>) -> UInt64? {
    let bytes = Text(bytes: header)
    let named = bytes.part(headerBytes..<bytesBefore - 2)
    guard bytes.hasPrefix(magic), named == name else { return nil }
    // The seventh of the fields of eight digits.
    return bytes.part(54..<62).number(radix: 16)
  }

  static func copy(_ place: Range<UInt64>, of image: borrowing FileDescriptor, to path: Text) throws(Errno) {
    let copy = try FileDescriptor.open(path, flags: FileDescriptor.writeOnly | FileDescriptor.create | FileDescriptor.truncate, mode: 0o600)
    var offset = place.lowerBound
    while offset < place.upperBound {
      let bytes = try image.bytes(Int(min(UInt64(chunk), place.upperBound - offset)), at: offset)
      guard !bytes.isEmpty else { throw Errno.io }
      try copy.write(bytes, at: offset - place.lowerBound)
      offset += UInt64(bytes.count)
    }
  }
}
