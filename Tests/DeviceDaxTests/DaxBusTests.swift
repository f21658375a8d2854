import DeviceDax
import Platform
import TestSupport
import Testing

@Suite("device dax")
struct DaxBusTests {
  private let fake: FakeDaxBus

  init() throws { fake = try FakeDaxBus() }

  /// The only region, with one driver.
  private func region(driver: DaxDriver?) throws -> DaxRegion {
    try fake.addRegion(0, start: 0x20_0000, size: 0x40_0000, seed: "dax0.0")
    if let driver { try fake.addDriver(driver) }
    return try #require(fake.bus.regions.first)
  }

  /// What is said when a driver does not get a range.
  private func refusal(_ region: DaxRegion, _ driver: DaxDriver) throws -> String {
    let error = try #require(throws: DaxError.self) { _ = try region.give([0x40_0000..<0x60_0000], to: driver) }
    return error.text.string
  }

  @Test("regions are found in order of address, with and without a node")
  func regions() throws {
    #expect(fake.bus.regions.isEmpty)
    try fake.addRegion(1, start: 0x1000_0000, size: 0x800_0000, node: false, seed: "dax1.0")
    try fake.addRegion(0, start: 0x20_0000, size: 0x40_0000, seed: "dax0.0")
    let regions = fake.bus.regions
    #expect(regions.map { $0.range } == [0x20_0000..<0x60_0000, 0x1000_0000..<0x1800_0000])
    #expect(regions.map { $0.hasNode } == [true, false])
  }

  @Test(
    "only whole blocks of a region count",
    arguments: [(0x20_0000, 0x7e0_0000, 0), (0x20_0000, 0xfe0_0000, 0x800_0000), (0x800_0000, 0x1000_0000, 0x1000_0000)]
      as [(UInt64, UInt64, UInt64)])
  func blocks(start: UInt64, size: UInt64, whole: UInt64) throws {
    try fake.addRegion(0, start: start, size: size, seed: "dax0.0")
    #expect(try #require(fake.bus.regions.first).bytesInBlocks(of: 0x800_0000) == whole)
  }

  @Test("a fixed region, and one whose seed somebody fills, are left alone")
  func others() throws {
    // A region of persistent memory has neither a seed nor a way to make devices.
    try fake.addRegion(0, start: 0x20_0000, size: 0x40_0000)
    try fake.addRegion(1, start: 0x1000_0000, size: 0x800_0000, given: 0x20_0000, seed: "dax1.0")
    #expect(fake.bus.regions.isEmpty)
    // A device is asked for where there is no seed.
    #expect(fake.written("create", ofRegion: 0) == "1")
    #expect(fake.written("create", ofRegion: 1) == "")
  }

  @Test("a driver gets ranges")
  func given() throws {
    let region = try region(driver: .kmem)
    try fake.bind("dax0.0", to: .kmem)
    let device = try region.give([0x40_0000..<0x60_0000], to: .kmem)
    #expect(device.name == "dax0.0")
    #expect(fake.written("new_id", of: .kmem) == "dax0.0")
    #expect(fake.written("mapping", of: "dax0.0") == "0x400000-0x5fffff")
    device.giveBack(from: .kmem)
    #expect(fake.written("unbind", of: .kmem) == "dax0.0")
  }

  @Test("a region gives on when its first device is gone")
  func firstDeviceGone() throws {
    let region = try region(driver: .kmem)
    try fake.removeDevice("dax0.0")
    try fake.addDevice("dax0.1", start: 0x20_0000)
    try fake.setSeed("dax0.1", ofRegion: 0)
    try fake.bind("dax0.1", to: .kmem)
    #expect(try region.give([0x40_0000..<0x60_0000], to: .kmem).name == "dax0.1")
    #expect(fake.written("mapping", of: "dax0.1") == "0x400000-0x5fffff")
  }

  @Test("what a driver does not take is given back", arguments: [nil, .deviceDax] as [DaxDriver?])
  func refused(other: DaxDriver?) throws {
    let region = try region(driver: .kmem)
    if let other { try fake.bind("dax0.0", to: other) }
    #expect(try refusal(region, .kmem) == "kmem does not take it: No such file or directory (the kernel's log may say more)")
    #expect(fake.written("delete", ofRegion: 0) == "dax0.0")
  }

  @Test("a driver that does not take a device by itself is asked why")
  func bind() throws {
    let region = try region(driver: .deviceDax)
    try fake.refuseBinding(to: .deviceDax)
    #expect(try refusal(region, .deviceDax) == "device_dax does not take it: No space left on device (the kernel's log may say more)")
    #expect(fake.written("new_id", of: .deviceDax) == "dax0.0")
  }

  @Test("without its driver nothing is given")
  func driverless() throws {
    #expect(try refusal(try region(driver: nil), .deviceDax) == "the driver device_dax is not there")
    #expect(!fake.bus.has(.deviceDax))
  }

  @Test("modules are loaded unless the driver and the regions' are there", arguments: [false, true], [false, true])
  func load(hasDriver: Bool, hasRegionDriver: Bool) throws {
    if hasDriver { try fake.addDriver(.deviceDax) }
    if hasRegionDriver { try fake.addRegionDriver() }
    try fake.bus.load(.deviceDax)
    #expect(fake.loaded == (hasDriver && hasRegionDriver ? [] : ["-q dax_hmem region_idle=1", "-q device_dax"]))
  }

  @Test("no module is loaded where none may be")
  func unloaded() throws {
    try fake.bus(loads: false).load(.deviceDax)
    #expect(fake.loaded.isEmpty)
  }
}
