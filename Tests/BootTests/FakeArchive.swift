import CBoot

/// Builds a cpio archive in the "new ASCII" format, and packs it as `pack` does.
struct FakeArchive {
  private(set) var bytes: [UInt8] = []

  mutating func add(
    _ name: String, mode: UInt32 = 0o100644, data: [UInt8] = [], inode: UInt32 = 1, links: UInt32 = 1, uid: UInt32 = 0,
    gid: UInt32 = 0, seconds: UInt32 = 0, device: (UInt32, UInt32) = (0, 0), declaredSize: UInt32? = nil
  ) {
    let name = Array(name.utf8) + [0]
    let fields: [UInt32] = [
      inode, mode, uid, gid, links, seconds, declaredSize ?? UInt32(data.count), 0, 0, device.0, device.1, UInt32(name.count), 0,
    ]
    bytes += Array("070701".utf8)
    for field in fields {
      let digits = String(field, radix: 16, uppercase: inode % 2 == 0)
      bytes += Array(repeating: UInt8(ascii: "0"), count: 8 - digits.utf8.count) + Array(digits.utf8)
    }
    bytes += name
    pad()
    bytes += data
    pad()
  }

  mutating func addDirectory(_ name: String, mode: UInt32 = 0o755) { add(name, mode: 0o040000 | mode, links: 2) }

  mutating func end() { add("TRAILER!!!", mode: 0) }

  private mutating func pad() { bytes += [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4) }

  /// The archive as an .xz file.
  var packed: [UInt8] { Self.pack(bytes) }

  static func pack(_ bytes: [UInt8]) -> [UInt8] {
    var packed = [UInt8](repeating: 0, count: lzma_stream_buffer_bound(bytes.count))
    var count = 0
    let outcome = lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, nil, bytes, bytes.count, &packed, &count, packed.count)
    precondition(outcome == LZMA_OK)
    return Array(packed[..<count])
  }
}

/// Bytes that don't compress well, the same for the same seed.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 56)
  }
}
