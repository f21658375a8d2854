/// Reads little-endian numbers from untrusted bytes: every access is checked, and nil beyond the end.
struct ByteReader {
  let bytes: [UInt8]

  func number(at offset: Int, bytes count: Int) -> UInt64? {
    guard offset >= 0, count <= bytes.count, offset <= bytes.count - count else { return nil }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
    return value
  }

  func u16(_ offset: Int) -> UInt64? { number(at: offset, bytes: 2) }
  func u32(_ offset: Int) -> UInt64? { number(at: offset, bytes: 4) }
  func u64(_ offset: Int) -> UInt64? { number(at: offset, bytes: 8) }
}
