/// Little-endian numbers in bytes that nobody vouches for: every access is checked, and beyond the end there is nothing.
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
