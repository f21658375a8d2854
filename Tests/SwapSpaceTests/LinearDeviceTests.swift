import Platform
import Testing

@testable import SwapSpace

@Suite("Linear device")
struct LinearDeviceTests {
  private let request = DeviceMapperRequest(Text("lab"))
  private let parts = [
    SectorRange(device: DeviceNumber(major: 259, minor: 0), first: 8, count: 1024),
    SectorRange(device: DeviceNumber(major: 259, minor: 300), first: 1_234_567, count: 16),
  ]

  private func string(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }

  @Test("a request has the interface's version, its own size, and the name")
  func header() {
    let bytes = request.bytes
    #expect(bytes.count == 312)
    #expect(bytes.integer(at: 0, bytes: 4) == 4)
    #expect(bytes.integer(at: 12, bytes: 4) == 312 && bytes.integer(at: 16, bytes: 4) == 312)
    #expect(string(bytes[48...]) == "lab")
  }

  @Test("a table has a target for each part, one behind the other, each with the way to the next")
  func table() {
    let bytes = request.loading(parts)
    #expect(bytes.integer(at: 12, bytes: 4) == UInt64(bytes.count))
    #expect(bytes.integer(at: 20, bytes: 4) == 2)
    #expect(bytes.integer(at: 312, bytes: 8) == 0 && bytes.integer(at: 320, bytes: 8) == 1024)
    #expect(string(bytes[336...]) == "linear" && string(bytes[352...]) == "259:0 8")
    let second = 312 + Int(bytes.integer(at: 332, bytes: 4))
    #expect(second % 8 == 0)
    #expect(bytes.integer(at: second, bytes: 8) == 1024 && bytes.integer(at: second + 8, bytes: 8) == 16)
    #expect(string(bytes[(second + 40)...]) == "259:300 1234567")
    #expect(bytes.last == 0)
  }

  /// The kernel's answer: as the request's table, but `next` counts from the table's start.
  private func answer() -> [UInt8] {
    var bytes = request.loading(parts)
    let second = bytes.integer(at: 332, bytes: 4)
    bytes.put(UInt32(second + bytes.integer(at: 312 + Int(second) + 20, bytes: 4)), at: 312 + Int(second) + 20)
    return bytes
  }

  @Test("the parts are read back from the kernel's table")
  func parts_() {
    #expect(DeviceMapperAnswer(bytes: answer()).parts == parts)
    #expect(DeviceMapperAnswer(bytes: request.bytes).parts.isEmpty)
  }

  @Test("a table that ends early has the parts that it has")
  func cut() {
    let bytes = answer()
    for count in 312..<bytes.count {
      let found = DeviceMapperAnswer(bytes: Array(bytes[..<count])).parts
      #expect(found.count <= 2 && (found.isEmpty || found[0].count == parts[0].count))
    }
  }

  @Test("a device's number is what sysfs and the kernel's answer have")
  func numbers() throws {
    var bytes = request.bytes
    bytes.put(UInt64(253 << 8 | 3), at: 40)
    let number = DeviceMapperAnswer(bytes: bytes).deviceNumber
    #expect(number.major == 253 && number.minor == 3)
    #expect(String(decoding: LinearDevice.path(number).bytes, as: UTF8.self) == "/dev/dm-3")
    #expect(DeviceNumber(Text("253:3")) == number)
    #expect(DeviceNumber(Text("253")) == nil && DeviceNumber(Text("a:b")) == nil)
  }
}
