/// The name of a directory entry: 1 to 255 bytes of any value but '/' and NUL (limits.h, NAME_MAX).
public struct FileName: Equatable {
  public let bytes: [UInt8]

  /// The name, or why it is none.
  public init(_ bytes: [UInt8]) throws(FileSystemError) {
    guard bytes.count <= 255 else { throw .nameTooLong }
    guard !bytes.isEmpty, !bytes.contains(UInt8(ascii: "/")), !bytes.contains(0) else { throw .invalid }
    self.bytes = bytes
  }

  var isDot: Bool { bytes == [UInt8(ascii: ".")] }
  var isDotDot: Bool { bytes == [UInt8(ascii: "."), UInt8(ascii: ".")] }

  /// A hash of a name in `bits` bits (FNV-1a, mixed once more). `seed` keeps the order of a directory from being foreseen.
  static func hash(_ bytes: [UInt8], seed: UInt64, bits: Int) -> UInt64 {
    var hash = 0xcbf2_9ce4_8422_2325 ^ seed
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash ^= hash >> 32
    hash = hash &* 0x9e37_79b9_7f4a_7c15
    return hash >> UInt64(64 - bits)
  }
}
