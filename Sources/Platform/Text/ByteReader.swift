/// Reads little-endian numbers from untrusted bytes: every access is checked, and nil beyond the end.
public struct ByteReader {
  private let bytes: [UInt8]

  public init(bytes: [UInt8]) { self.bytes = bytes }

  public func number(at offset: Int, bytes count: Int) -> UInt64? {
    guard offset >= 0, count <= bytes.count, offset <= bytes.count - count else { return nil }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
    return value
  }

  public func u16(_ offset: Int) -> UInt64? { number(at: offset, bytes: 2) }
  public func u32(_ offset: Int) -> UInt64? { number(at: offset, bytes: 4) }
  public func u64(_ offset: Int) -> UInt64? { number(at: offset, bytes: 8) }
}
