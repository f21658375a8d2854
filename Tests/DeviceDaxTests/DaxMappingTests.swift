import DeviceDax
import Platform
import TestSupport
import Testing

@Suite("Mappings of device dax")
struct DaxMappingTests {
  private static let ranges: [Range<UInt64>] = [0x80_0000..<0xa0_0000, 0x40_0000..<0x60_0000]
  private let fake: FakeDaxBus
  private let region: DaxRegion

  init() throws {
    fake = try FakeDaxBus()
    try fake.addRegion(0, start: 0x20_0000, size: 0x100_0000, seed: "dax0.0")
    try fake.addDriver(.deviceDax)
    try fake.bind("dax0.0", to: .deviceDax)
    region = try #require(fake.bus.regions.first)
  }

  /// Whether the device left its driver, and its memory the device.
  private func expectGivenBack() {
    #expect(fake.written("unbind", of: .deviceDax) == "dax0.0")
    #expect(fake.written("remove_id", of: .deviceDax) == "dax0.0")
    #expect(fake.written("delete", ofRegion: 0) == "dax0.0")
  }

  @Test("ranges are mapped one behind the other, and given back with the mapping")
  func mapped() throws {
    try fake.addNode("dax0.0", size: 4 << 20, [(0, [1]), (2 << 20, [2])])
    var mapping: DaxMapping? = try DaxMapping(Self.ranges, of: region)
    #expect(fake.written("mapping", of: "dax0.0") == "0x800000-0x9fffff0x400000-0x5fffff")
    #expect(fake.written("new_id", of: .deviceDax) == "dax0.0")
    let bytes = try #require(mapping).bytes
    #expect(bytes.count == 4 << 20 && bytes[0] == 1 && bytes[2 << 20] == 2)
    bytes[(4 << 20) - 1] = 3
    #expect(try fake.node("dax0.0", at: (4 << 20) - 1, count: 2) == [3])
    #expect(fake.written("unbind", of: .deviceDax) == "")
    try fake.setSize(4 << 20, of: "dax0.0")
    mapping = nil
    expectGivenBack()
    #expect(try fake.size(of: "dax0.0") == "0194304\n")
  }

  @Test("ranges of a device without a node are given back")
  func noNode() throws {
    let error = try #require(throws: DaxError.self) { _ = try DaxMapping(Self.ranges, of: region) }
    #expect(error.text.string == "device_dax does not take it: No such file or directory (the kernel's log may say more)")
    #expect(error.errno == .noEntry)
    expectGivenBack()
  }
}
