import Foundation
import Platform
import TestSupport
import Testing

@testable import SwapSpace

@Suite("Persistent memory that words on the command line made")
struct PmemNamespaceTests {
  private let directory: TemporaryDirectory

  /// A bus with the namespaces of two regions, as sysfs shows them.
  init() throws {
    directory = try TemporaryDirectory()
    try addRegion(0, start: 0x1000_0000, size: 0x1000_0000)
    try addRegion(1, start: 0x8000_0000, size: 0x4000_0000)
    try write("", to: "sys/bus/nd/drivers/nd_pmem/bind")
  }

  private func addRegion(_ number: Int, start: UInt64, size: UInt64) throws {
    let devices = "sys/bus/nd/devices"
    try write("0x\(String(start, radix: 16))\n", to: "\(devices)/region\(number)/resource")
    try write("\(size)\n", to: "\(devices)/region\(number)/size")
    try write("0\n", to: "\(devices)/namespace\(number).0/force_raw")
  }

  private func write(_ text: String, to name: String) throws { try directory.write(name, Array(text.utf8)) }
  private func read(_ name: String) throws -> String { try String(contentsOfFile: "\(directory.path)/\(name)", encoding: .utf8) }

  private var root: Text { Text(bytes: Array(directory.path.utf8)) }

  @Test("only a namespace that is one of the ranges as a whole is found")
  func ranges() {
    #expect(PmemNamespace.all(in: [0x1000_0000..<0x2000_0000], root: root).map(\.range) == [0x1000_0000..<0x2000_0000])
    #expect(PmemNamespace.all(in: [0x1000_0000..<0x1800_0000], root: root).isEmpty)
    #expect(PmemNamespace.all(in: [], root: root).isEmpty)
  }

  @Test("it becomes raw before the driver has it, and gets its block device from there")
  func attaching() throws {
    let namespace = try #require(PmemNamespace.all(in: [0x8000_0000..<0xc000_0000], root: root).first)
    #expect(namespace.device == nil)
    try namespace.makeRaw()
    #expect(try read("sys/bus/nd/devices/namespace1.0/force_raw").hasPrefix("1"))
    try namespace.attach()
    #expect(try read("sys/bus/nd/drivers/nd_pmem/bind") == "namespace1.0")
    try write("259:1\n", to: "sys/bus/nd/devices/namespace1.0/block/pmem1/dev")
    let device = try #require(namespace.device)
    #expect(device.number == DeviceNumber(major: 259, minor: 1))
    #expect(String(decoding: device.path.bytes, as: UTF8.self) == "/dev/pmem1")
  }

  @Test("one that the driver has already is taken from it first")
  func taking() throws {
    try write("", to: "sys/bus/nd/devices/namespace0.0/driver/unbind")
    let namespace = try #require(PmemNamespace.all(in: [0x1000_0000..<0x2000_0000], root: root).first)
    try namespace.makeRaw()
    #expect(try read("sys/bus/nd/devices/namespace0.0/driver/unbind") == "namespace0.0")
  }
}
