import Foundation

/// A dump of 64 pages of memory in makedumpfile's compressed format, as small as the format allows. Each byte of the pages `dumped` is the
/// page's PFN.
struct SmallDump {
  static let pages = 64
  var dumped: [Int] = [1, 2, 40]
  var timestamp: UInt8 = 0
  var status: UInt32 = 0
  var changed: Int?
  var missingBytes = 0

  func bytes() -> Data {
    var data = Data(count: 4096 * 4)
    func put<T: FixedWidthInteger>(_ value: T, _ offset: Int) {
      withUnsafeBytes(of: value.littleEndian) { data.replaceSubrange(offset..<(offset + $0.count), with: $0) }
    }
    data.replaceSubrange(0..<8, with: "KDUMP   ".utf8)
    put(Int32(6), 8)
    data.replaceSubrange(142..<146, with: "6.12".utf8)
    put(timestamp, 408)
    put(status, 424)
    put(UInt32(4096), 428)
    put(UInt32(1), 432)
    put(UInt32(2), 436)
    put(Int32(31), 4096 + 8)
    put(UInt64(Self.pages), 4096 + 96)
    put(UInt64.max, 2 * 4096)
    put(dumped.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }, 3 * 4096)
    let firstPage = data.count + dumped.count * 24
    for index in dumped.indices {
      var descriptor = Data(count: 24)
      withUnsafeBytes(of: UInt64(firstPage + index * 4096).littleEndian) { descriptor.replaceSubrange(0..<8, with: $0) }
      withUnsafeBytes(of: UInt32(4096).littleEndian) { descriptor.replaceSubrange(8..<12, with: $0) }
      data.append(descriptor)
    }
    for pfn in dumped { data.append(Data(repeating: pfn == changed ? 0xff : UInt8(pfn), count: 4096)) }
    return data.dropLast(missingBytes)
  }
}
