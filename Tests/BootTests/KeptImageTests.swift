import Foundation
import Platform
import TestSupport
import Testing

@testable import Boot

/// The image that the kernel keeps: a file of its own since 6.8, before that a part of physical memory.
@Suite("The kept image")
struct KeptImageTests {
  private let directory: TemporaryDirectory
  private var root: Text { Text(directory.path) }

  init() throws { directory = try TemporaryDirectory() }

  private func little(_ number: UInt64, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) } }

  /// The page of boot parameters.
  private func writeParameters(start: UInt64, size: UInt64, count: Int = 4096) throws {
    var bytes = [UInt8](repeating: 0xee, count: 4096)
    bytes.replaceSubrange(0x218..<0x220, with: little(start, 4) + little(size, 4))
    bytes.replaceSubrange(0xc0..<0xc8, with: little(start >> 32, 4) + little(size >> 32, 4))
    try directory.write("sys/kernel/boot_params/data", Array(bytes[..<count]))
  }

  /// An ELF64 core file with a program header for each (type, physical address, offset in the file, bytes).
  private func writeCore(_ headers: [(UInt64, UInt64, UInt64, UInt64)]) throws {
    var bytes: [UInt8] = [0x7f] + Array("ELF".utf8) + [2, 1, 1] + [UInt8](repeating: 0, count: 9)
    bytes += little(4, 2) + little(62, 2) + little(1, 4) + little(0, 8) + little(64, 8) + little(0, 8) + little(0, 4)
    bytes += little(64, 2) + little(56, 2) + little(UInt64(headers.count), 2) + little(0, 6)
    for (type, physical, offset, size) in headers {
      bytes += little(type, 4) + little(7, 4) + little(offset, 8) + little(0xffff_8880_0000_0000, 8) + little(physical, 8)
      bytes += little(size, 8) + little(size, 8) + little(4096, 8)
    }
    try directory.write("proc/kcore", bytes)
  }

  private func find() throws -> (path: String, place: Range<UInt64>) {
    let image = try KeptImage.find(below: root)
    return (String(image.path.string.dropFirst(directory.path.count)), image.place)
  }

  @Test("the kernel's own file comes first")
  func file() throws {
    try directory.write("sys/firmware/initrd", noise(5000))
    try writeParameters(start: 0x1000, size: 0x1000)
    #expect(try find() == ("/sys/firmware/initrd", 0..<5000))
  }

  @Test("else it lies where the boot loader put it", arguments: [0x7400_0000, 0x12_3456_7000] as [UInt64])
  func memory(start: UInt64) throws {
    try writeParameters(start: start, size: 0x98_1234)
    try writeCore([
      (4, start, 0x200, 0x1000_0000),  // notes
      (1, UInt64.max, 0x7fff_8000_0000, 0x1000_0000),  // memory without an address
      (1, 0x1000, 0x8000_2000, 0x9_e000),
      (1, start - 0x20_0000, 0x9000_0000, 0x4000_0000),
      (1, start, 0xf000_0000, 0x98_1233),  // a byte short, and too late
    ])
    #expect(try find() == ("/proc/kcore", 0x9020_0000..<0x9020_0000 + 0x98_1234))
  }

  @Test("it is found as a whole, or not at all")
  func cutOff() throws {
    try writeParameters(start: 0x7400_0000, size: 0x10_0000)
    try writeCore([(1, 0x7400_0000, 0x1000, 0xf_ffff), (1, 0x7400_1000, 0x1000, 0x1000_0000)])
    #expect(message() == "can't read the payload \(directory.path)/proc/kcore: No such file or directory")
  }

  @Test(
    "a kernel that tells nothing, or was started without one, has none", arguments: ["parameters", "size", "cut off", "core", "no core"])
  func nothing(what: String) throws {
    if what != "parameters" {
      try writeParameters(start: 0x7400_0000, size: what == "size" ? 0 : 4096, count: what == "cut off" ? 0x218 : 4096)
    }
    if what == "core" { try directory.write("proc/kcore", noise(4096)) } else if what != "no core" { try writeCore([(1, 0, 0, 1 << 40)]) }
    #expect(message()?.hasPrefix("can't read the payload \(directory.path)/proc/kcore: ") == true)
  }

  private func message() -> String? {
    let error = #expect(throws: PayloadError.self) { try self.find() }
    return error?.text.string
  }
}
