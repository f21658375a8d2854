import DeviceDax
import Foundation
import Platform

/// Device dax as files like those of sysfs and devtmpfs. Nothing happens when they are written: what a kernel would do is there before.
public final class FakeDaxBus {
  private let directory: TemporaryDirectory
  /// The files that are only written are FIFOs, which keep all writes. They are held open: nobody waits for a reader.
  private var fifos: [String: Int32] = [:]

  /// A bus without regions and drivers. The program that would load modules notes its words.
  public init() throws {
    directory = try TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: directory.path + "/sys/bus/dax/devices", withIntermediateDirectories: true)
    let loader = directory.path + "/modprobe"
    try Self.write(program: "#!/bin/sh\necho \"$*\" >>'\(directory.path)/loaded'", to: loader)
    try directory.write("proc/sys/kernel/modprobe", Array(loader.utf8))
  }

  /// Writes a program in another process: a child that another test starts meanwhile would hold a file that is open here, and an open file
  /// can't be executed (ETXTBSY).
  private static func write(program: String, to path: String) throws {
    let words = ["sh", "-c", "printf '%s\\n' \"$1\" >\"$0\" && chmod 700 \"$0\"", path, program].map { Text($0) }
    switch try ChildProcess.fork() {
    case .child:
      try? ThisProcess.execute(Text("/bin/sh"), words)
      ThisProcess.end(code: 127)
    case .parent(let child): _ = child.end()
    }
  }

  deinit { for file in fifos.values { close(file) } }

  public var bus: DaxBus { bus(loads: true) }

  public func bus(loads: Bool) -> DaxBus { DaxBus(root: Text(directory.path), loads: loads) }

  /// The words of each call of the program that loads modules.
  public var loaded: [String] {
    let text = try? String(contentsOfFile: directory.path + "/loaded", encoding: .utf8)
    return (text ?? "").split(separator: "\n").map { String($0) }
  }

  // MARK: Regions, devices and drivers

  private static func region(_ number: Int) -> String { "sys/devices/platform/hmem.\(number)" }
  /// The folder of a device, such as "dax0.1".
  private static func folder(_ device: String) -> String { region(Int(device.dropFirst(3).prefix { $0 != "." })!) + "/" + device }

  private static func folder(_ driver: DaxDriver) -> String { "sys/bus/dax/drivers/" + Text(driver.name).string }

  /// A region with one device.
  public func addRegion(_ number: Int, start: UInt64, size: UInt64, given: UInt64 = 0, node: Bool = true, seed: String? = nil) throws {
    let region = Self.region(number) + "/dax_region"
    try directory.write(region + "/size", Array("\(size)\n".utf8))
    try addFIFO(region + "/create")
    try addFIFO(region + "/delete")
    if let seed { try setSeed(seed, ofRegion: number) }
    try addDevice("dax\(number).0", start: start, given: given, node: node)
  }

  /// Makes a device the region's next.
  public func setSeed(_ device: String, ofRegion number: Int) throws {
    try directory.write(Self.region(number) + "/dax_region/seed", Array("\(device)\n".utf8))
  }

  public func addDevice(_ name: String, start: UInt64, given: UInt64 = 0, node: Bool = true) throws {
    let folder = Self.folder(name)
    try setSize(given, of: name)
    try directory.write(folder + "/resource", Array("0x\(String(start, radix: 16))\n".utf8))
    if node { try directory.write(folder + "/target_node", Array("0\n".utf8)) }
    try addFIFO(folder + "/mapping")
    try link("sys/bus/dax/devices/\(name)", to: "../../../../\(folder)")
  }

  public func setSize(_ size: UInt64, of device: String) throws {
    try directory.write(Self.folder(device) + "/size", Array("\(size)\n".utf8))
  }

  public func removeDevice(_ name: String) throws {
    for path in ["sys/bus/dax/devices/\(name)", Self.folder(name)] {
      try FileManager.default.removeItem(atPath: "\(directory.path)/\(path)")
    }
  }

  public func addDriver(_ driver: DaxDriver) throws {
    for name in ["new_id", "remove_id", "unbind"] { try addFIFO("\(Self.folder(driver))/\(name)") }
  }

  /// The driver that makes regions of soft-reserved memory.
  public func addRegionDriver() throws { try directory.write("sys/bus/platform/drivers/hmem/bind") }

  /// A device's driver, which it has from now on.
  public func bind(_ device: String, to driver: DaxDriver) throws {
    try link(Self.folder(device) + "/driver", to: "../../../../../\(Self.folder(driver))")
  }

  /// Has a driver take no word about which device to bind: there is no space for it.
  public func refuseBinding(to driver: DaxDriver) throws { try link(Self.folder(driver) + "/bind", to: "/dev/full") }

  // MARK: What was written

  /// Everything that was written since it was last asked for to a file of a device, its region or a driver: one write behind the other.
  public func written(_ name: String, of device: String) -> String { take(Self.folder(device) + "/" + name) }
  public func written(_ name: String, ofRegion number: Int) -> String { take(Self.region(number) + "/dax_region/" + name) }
  public func written(_ name: String, of driver: DaxDriver) -> String { take("\(Self.folder(driver))/\(name)") }

  /// The text of a device's file `size`. A write changes its beginning.
  public func size(of device: String) throws -> String {
    try String(contentsOfFile: "\(directory.path)/\(Self.folder(device))/size", encoding: .utf8)
  }

  // MARK: Nodes

  /// Writes a device's node: a file of that many bytes, with the parts at their offsets, and zeros.
  public func addNode(_ device: String, size: UInt64, _ parts: [(offset: UInt64, bytes: [UInt8])]) throws {
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: try directory.write("dev/" + device)))
    defer { try? file.close() }
    for part in parts {
      try file.seek(toOffset: part.offset)
      try file.write(contentsOf: part.bytes)
    }
    try file.truncate(atOffset: size)
  }

  /// Reads a device's node.
  public func node(_ device: String, at offset: UInt64, count: Int) throws -> [UInt8] {
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: directory.path + "/dev/" + device))
    defer { try? file.close() }
    try file.seek(toOffset: offset)
    return Array(try file.read(upToCount: count) ?? Data())
  }

  // MARK: Files

  private func addFIFO(_ path: String) throws {
    let whole = try directory.write(path)
    try FileManager.default.removeItem(atPath: whole)
    guard mkfifo(whole, 0o600) == 0 else { throw CocoaError(.fileWriteUnknown) }
    let file = open(whole, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw CocoaError(.fileWriteUnknown) }
    fifos[path] = file
  }

  private func take(_ path: String) -> String {
    var bytes = [UInt8](repeating: 0, count: 4096)
    guard let file = fifos[path] else { return "no such file" }
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  private func link(_ path: String, to goal: String) throws {
    try FileManager.default.createSymbolicLink(atPath: "\(directory.path)/\(path)", withDestinationPath: goal)
  }
}
