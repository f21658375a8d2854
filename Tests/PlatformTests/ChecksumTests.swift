import Platform
import Testing

@Suite("Checksums")
struct ChecksumTests {
  @Test("CRC32C is Castagnoli's", arguments: [("123456789", UInt32(0xe306_9283)), ("", 0), ("a", 0xc1d0_4330)])
  func crc32c(input: String, expected: UInt32) {
    #expect(Array(input.utf8).withUnsafeBytes { Checksum(of: $0).rawValue } == expected)
  }

  /// By its definition, bit by bit.
  private static func reference(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0x82f6_3b78 : 0) }
    }
    return ~crc
  }

  @Test(
    "bytes of every length and place have the checksum of the definition",
    arguments: [0, 1, 7, 15, 16, 4079, 4080, 4081, 4096, 8159, 8160, 9000])
  func lengths(count: Int) {
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<count + 8).map { _ in UInt8.random(in: 0...255, using: &random) }
    for start in 0..<8 {
      let part = bytes[start..<start + count]
      #expect(part.withUnsafeBytes { Checksum(of: $0).rawValue } == Self.reference(part))
    }
  }

  @Test("a bit that flips anywhere in a page changes its checksum")
  func flips() {
    var page = [UInt8](repeating: 0x5a, count: 4096)
    let before = page.withUnsafeBytes { Checksum(of: $0) }
    for place in stride(from: 0, to: 4096 * 8, by: 37) {
      page[place / 8] ^= 1 << UInt8(place % 8)
      #expect(page.withUnsafeBytes { Checksum(of: $0) } != before)
      page[place / 8] ^= 1 << UInt8(place % 8)
    }
  }
}
