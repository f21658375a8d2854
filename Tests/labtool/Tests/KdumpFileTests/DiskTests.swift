import Foundation
import Testing

@testable import KdumpFile

/// A file with a KiB of each of these bytes.
private func file(_ units: [UInt8]) throws -> MappedFile { try mapped(contents(units)) }

private func contents(_ units: [UInt8]) -> Data { Data(units.flatMap { [UInt8](repeating: $0, count: 1024) }) }

private let disk: [UInt8] = Array(0..<8)

@Suite("the disk of the crashed kernel")
struct DiskTests {
  @Test("may come to hold what the kernel had in its pages")
  func pages() throws {
    var after = disk
    after[5] = 21
    let check = try DiskCheck(before: file(disk), after: file(after), pages: file([20, 21, 22, 23]))
    #expect(check.written == 1)
    #expect(check.foreign.isEmpty)
  }

  @Test("may not come to hold anything else")
  func foreign() throws {
    var after = disk
    (after[2], after[5]) = (20, 30)
    let check = try DiskCheck(before: file(disk), after: file(after), pages: file([20, 21, 22, 23]))
    #expect(check.written == 2)
    #expect(check.foreign == [5])
  }

  @Test("may not come to hold what only begins as a journal's block does")
  func journal() throws {
    var bytes = contents(disk)
    // JBD2_MAGIC_NUMBER in include/linux/jbd2.h, big-endian.
    bytes.replaceSubrange(4096..<4100, with: [0xc0, 0x3b, 0x39, 0x98])
    let check = try DiskCheck(before: file(disk), after: mapped(bytes), pages: file([20, 21, 22, 23]))
    #expect(check.written == 1)
    #expect(check.foreign == [4])
  }

  @Test("keeps its size")
  func size() throws {
    #expect(throws: LabError.self) { try DiskCheck(before: file(disk), after: file(disk + [1, 2, 3, 4]), pages: file([1])) }
  }
}
