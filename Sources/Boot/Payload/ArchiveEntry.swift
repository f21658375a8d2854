import Platform

/// The header of an entry of a cpio archive, in the "new ASCII" format (`newc`) of every initramfs
/// (Documentation/driver-api/early-userspace/buffer-format.rst).
struct ArchiveEntry {
  var inode: UInt64
  var mode: UInt32
  var uid: UInt32
  var gid: UInt32
  var links: UInt32
  var seconds: Int64
  /// The number of data bytes, which follow the name.
  var size: Int
  var deviceMajor: UInt32
  var deviceMinor: UInt32
  var major: UInt32
  var minor: UInt32
  /// The path, without "./" or "/" before it; empty for the root.
  var path: Text

  static var headerBytes: Int { 110 }

  /// nil for an unknown type.
  var type: FileType? { FileType(mode: mode) }

  /// Owner, mode and the one time that an archive has.
  var attributes: FileAttributes {
    let time = Time(seconds: seconds, nanoseconds: 0)
    return FileAttributes(mode: mode, owner: uid, group: gid, accessed: time, modified: time)
  }

  /// The padding after the data, to a multiple of 4 bytes.
  var padding: Int { (4 - size % 4) % 4 }

  /// Reads the next header; nil at the trailer.
  init?(from stream: inout ArchiveStream) throws(FileTreeError) {
    let header = try stream.all(Self.headerBytes)
    guard header[0..<6].elementsEqual([0x30, 0x37, 0x30, 0x37, 0x30, 0x31]) else { throw .damaged }
    var fields: [UInt32] = []
    for index in 0..<13 {
      guard let field = Self.hexadecimal(header[(6 + 8 * index)..<(14 + 8 * index)]) else { throw .damaged }
      fields.append(field)
    }
    (inode, mode, uid, gid, links) = (UInt64(fields[0]), fields[1], fields[2], fields[3], fields[4])
    (seconds, size, deviceMajor, deviceMinor) = (Int64(fields[5]), Int(fields[6]), fields[7], fields[8])
    (major, minor) = (fields[9], fields[10])
    let nameBytes = Int(fields[11])
    // PATH_MAX, which counts the NUL.
    guard nameBytes > 1, nameBytes <= 4096 else { throw .damaged }
    let name = try stream.all(nameBytes).dropLast()
    try stream.skip((4 - (Self.headerBytes + nameBytes) % 4) % 4)
    if Array(name).elementsEqual("TRAILER!!!") { return nil }
    path = Text()
    path.append(bytes: Self.relative(name))
  }

  private static func relative(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var name = name
    while let first = name.first, first == UInt8(ascii: "/") || (first == UInt8(ascii: ".") && isDot(name)) {
      name = name.dropFirst()
    }
    return name
  }

  /// Whether the first component is "." alone.
  private static func isDot(_ name: ArraySlice<UInt8>) -> Bool {
    name.count == 1 || name[name.startIndex + 1] == UInt8(ascii: "/")
  }

  private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt32? {
    var value: UInt32 = 0
    for digit in digits {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(digit - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(digit - UInt8(ascii: "A") + 10)
      default: return nil
      }
    }
    return value
  }

  /// The first component of the path.
  var top: Text {
    var top = Text()
    top.append(bytes: path.bytes.prefix { $0 != UInt8(ascii: "/") })
    return top
  }
}
