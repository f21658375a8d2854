import DeviceDax
import Foundation
import Platform
import TestSupport
import Testing

/// A tree of files like sysfs's. Nothing happens when they are written: what a kernel would do is there before.
private final class FakeBus {
  private let directory: TemporaryDirectory
  private var sysfs: String { directory.path }

  init() throws {
    directory = try TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: sysfs + "/bus/dax/devices", withIntermediateDirectories: true)
  }

  func write(_ path: String, _ text: String) throws { try directory.write(path, Array(text.utf8)) }

  func read(_ path: String) throws -> String { try String(contentsOfFile: sysfs + "/" + path, encoding: .utf8) }

  /// A region with one device.
  func addRegion(_ number: Int, start: UInt64, size: UInt64, given: UInt64 = 0, node: Bool = true, seed: String? = nil) throws {
    let region = "devices/platform/hmem.\(number)"
    try write("\(region)/dax_region/size", "\(size)\n")
    try write("\(region)/dax_region/create", "0\n")
    if let seed { try write("\(region)/dax_region/seed", seed + "\n") }
    try write("\(region)/dax\(number).0/size", "\(given)\n")
    try write("\(region)/dax\(number).0/mapping", "")
    try write("\(region)/dax\(number).0/resource", "0x\(String(start, radix: 16))\n")
    if node { try write("\(region)/dax\(number).0/target_node", "0\n") }
    try FileManager.default.createSymbolicLink(
      atPath: sysfs + "/bus/dax/devices/dax\(number).0", withDestinationPath: "../../../\(region)/dax\(number).0")
  }

  func addDriver(_ name: String) throws {
    try write("bus/dax/drivers/\(name)/new_id", "")
    try write("bus/dax/drivers/\(name)/unbind", "")
  }

  func bind(_ number: Int, to driver: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: sysfs + "/devices/platform/hmem.\(number)/dax\(number).0/driver",
      withDestinationPath: "../../../../bus/dax/drivers/\(driver)")
  }

  var bus: DaxBus { DaxBus(sysfs: Text(sysfs)) }
}

@Suite("device dax")
struct DaxBusTests {
  @Test("regions are found in order of address, with and without a node")
  func regions() throws {
    let fake = try FakeBus()
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
    let fake = try FakeBus()
    try fake.addRegion(0, start: start, size: size, seed: "dax0.0")
    #expect(try #require(fake.bus.regions.first).bytesInBlocks(of: 0x800_0000) == whole)
  }

  @Test("a fixed region, and one whose seed somebody fills, are left alone")
  func others() throws {
    let fake = try FakeBus()
    // A region of persistent memory has neither a seed nor a way to make devices.
    try fake.addRegion(0, start: 0x20_0000, size: 0x40_0000)
    try fake.addRegion(1, start: 0x1000_0000, size: 0x800_0000, given: 0x20_0000, seed: "dax1.0")
    #expect(fake.bus.regions.isEmpty)
    // A device is asked for where there is no seed.
    #expect(try fake.read("devices/platform/hmem.0/dax_region/create") == "1\n")
    #expect(try fake.read("devices/platform/hmem.1/dax_region/create") == "0\n")
  }

  @Test("a driver gets ranges")
  func given() throws {
    let fake = try FakeBus()
    try fake.addRegion(0, start: 0x20_0000, size: 0x40_0000, seed: "dax0.0")
    try fake.addDriver("kmem")
    try fake.bind(0, to: "kmem")
    let region = try #require(fake.bus.regions.first)
    let device = try region.give([0x40_0000..<0x60_0000], to: .kmem)
    #expect(device.name == "dax0.0")
    #expect(try fake.read("bus/dax/drivers/kmem/new_id") == "dax0.0")
    #expect(try fake.read("devices/platform/hmem.0/dax0.0/mapping") == "0x400000-0x5fffff")
    device.giveBack(from: .kmem)
    #expect(try fake.read("bus/dax/drivers/kmem/unbind") == "dax0.0")
  }

  @Test("what a driver does not take is given back", arguments: [nil, "device_dax"] as [String?])
  func refused(other: String?) throws {
    let fake = try FakeBus()
    try fake.addRegion(0, start: 0x20_0000, size: 0x40_0000, seed: "dax0.0")
    try fake.addDriver("kmem")
    if let other { try fake.bind(0, to: other) }
    let region = try #require(fake.bus.regions.first)
    // So that it can be seen: a fake device has this size whatever is written.
    try fake.write("devices/platform/hmem.0/dax0.0/size", "00\n")
    let error = try #require(throws: DaxError.self) { _ = try region.give([0x40_0000..<0x60_0000], to: .kmem) }
    #expect(error.text.string == "kmem does not take it: No such file or directory (the kernel's log may say more)")
    #expect(try fake.read("devices/platform/hmem.0/dax0.0/size") == "00\n")
  }

  @Test("without its driver nothing is given")
  func driverless() throws {
    let fake = try FakeBus()
    try fake.addRegion(0, start: 0x20_0000, size: 0x40_0000, seed: "dax0.0")
    let region = try #require(fake.bus.regions.first)
    let error = try #require(throws: DaxError.self) { _ = try region.give([0x40_0000..<0x60_0000], to: .deviceDax) }
    #expect(error.text.string == "the driver device_dax is not there")
    #expect(!fake.bus.has(.deviceDax))
  }
}
