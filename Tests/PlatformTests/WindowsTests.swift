import Glibc
import TestSupport
import Testing

@testable import Platform

@Suite("Mapped windows")
struct WindowsTests {
  /// A file of eight pages, each filled with its number.
  private func file() throws -> FileDescriptor {
    let directory = try TemporaryDirectory()
    let path = try directory.write("pages", (0..<8).flatMap { [UInt8](repeating: $0, count: 4096) })
    return try FileDescriptor.open(Text(path), flags: O_RDWR)
  }

  private func pages(_ range: Range<UInt64>) -> Range<UInt64> { range.lowerBound * 4096..<range.upperBound * 4096 }

  @Test("a window is found from its first byte to its last, beside another as well")
  func borders() throws {
    let file = try file()
    let windows = Windows(most: 4)
    let (first, second) = (try windows.map(file, pages(1..<3), .read), try windows.map(file, pages(3..<4), .read))
    #expect(first.start == 4096 && first.end == 3 * 4096 && second.start == first.end)
    #expect(windows.window(over: 4095) == nil)
    #expect(windows.window(over: 4096) === first && windows.window(over: 3 * 4096 - 1) === first)
    #expect(windows.window(over: 3 * 4096) === second && windows.window(over: 4 * 4096 - 1) === second)
    #expect(windows.window(over: 4 * 4096) == nil && windows.window(over: UInt64.max) == nil)
    #expect(first.mapping.bytes.first == 1 && first.mapping.bytes.last == 2 && second.mapping.bytes.first == 3)
  }

  @Test("where there are as many as there may be, the one that was not used for longest goes")
  func oldest() throws {
    let file = try file()
    let windows = Windows(most: 3)
    for page in 0..<3 as Range<UInt64> { _ = try windows.map(file, pages(page..<page + 1), .read) }
    // The first is used again, so the second is the oldest, then the third.
    #expect(windows.window(over: 0) != nil)
    _ = try windows.map(file, pages(5..<6), .read)
    #expect([0, 1, 2, 5].filter { windows.window(over: $0 * 4096) != nil } == [0, 2, 5])
    #expect(windows.window(over: 0) != nil)
    _ = try windows.map(file, pages(6..<7), .read)
    #expect([0, 2, 5, 6].filter { windows.window(over: $0 * 4096) != nil } == [0, 5, 6])
  }

  @Test("one that is held stays mapped when it has gone")
  func held() throws {
    let file = try file()
    let windows = Windows(most: 1)
    let window = try windows.map(file, pages(7..<8), .read)
    _ = try windows.map(file, pages(0..<1), .read)
    #expect(windows.window(over: 7 * 4096) == nil)
    #expect(window.mapping.bytes.allSatisfy { $0 == 7 })
  }

  @Test("what is written to one is in the file, and nothing is written to one for reading")
  func writing() throws {
    let file = try file()
    let windows = Windows(most: 2)
    let window = try windows.map(file, pages(2..<3), .readWrite)
    window.mapping.bytes[100] = 99
    var bytes = [UInt8](repeating: 0, count: 2)
    #expect(try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 2 * 4096 + 99) } == 2)
    #expect(bytes == [2, 99])
    let reading = try FileDescriptor.open(Text("/proc/self/exe"), flags: O_RDONLY)
    #expect(throws: Errno(EACCES)) { _ = try windows.map(reading, pages(0..<1), .readWrite) }
  }

  @Test("a place that is no page's start is an error")
  func unaligned() throws {
    let file = try file()
    #expect(throws: Errno.invalid) { _ = try Windows(most: 2).map(file, 100..<4096, .read) }
  }
}
