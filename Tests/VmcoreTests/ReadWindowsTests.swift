import Glibc
import KernelFixtures
import Platform
import TestSupport
import Testing

@testable import Vmcore

@Suite("Reading through windows")
struct ReadWindowsTests {
  private let segment: LoadSegment
  private let directory: TemporaryDirectory
  private let path: Text

  /// A file with a segment of ten pages. Each begins and ends with its number.
  init() throws {
    var core = FakeCore()
    core.segments = [.init(physical: 0x10_0000, virtual: 0xffff_8880_0010_0000, size: 0xa000)]
    core.notes = [.init(name: "VMCOREINFO", contents: Array("OSRELEASE=1\n".utf8))]
    for page in 0..<10 as Range<UInt64> {
      core.put(page + 1, at: 0x10_0000 + page * 4096)
      core.put(page + 1, at: 0x10_0000 + page * 4096 + 4088)
    }
    directory = try TemporaryDirectory()
    path = Text(directory.path + "/vmcore")
    try core.write(to: directory.path + "/vmcore")
    segment = try #require(try Vmcore(path: path).segments.first)
  }

  private func read(_ windows: ReadWindows, _ file: borrowing FileDescriptor, at position: UInt64, count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: count)
    try bytes.withUnsafeMutableBytes { try windows.read(file, segment, at: position, into: $0) }
    return bytes
  }

  @Test("what is read in windows is what the file has, across their borders and when they come again", arguments: [1, 2, 16])
  func windows(most: Int) throws {
    let file = try FileDescriptor.open(path, flags: O_RDONLY)
    let windows = ReadWindows(size: 8192, most: most)
    var whole = [UInt8](repeating: 0, count: 0xa000)
    #expect(try whole.withUnsafeMutableBytes { try file.read(into: $0, at: segment.offset) } == whole.count)
    for _ in 0..<2 {
      for (position, count) in [(0, 0xa000), (4090, 20), (0x9ff8, 8), (0, 8), (12280, 8200), (0x5000, 1)] as [(UInt64, Int)] {
        #expect(try read(windows, file, at: position, count: count) == Array(whole[Int(position)..<Int(position) + count]))
      }
    }
  }

  @Test("a pointer is to bytes of one window alone")
  func pointers() throws {
    let file = try FileDescriptor.open(path, flags: O_RDONLY)
    let windows = ReadWindows(size: 8192, most: 2)
    // The end of a window in the segment: windows begin at multiples of their size in the file.
    let border = (segment.offset / 8192 + 1) * 8192 - segment.offset
    #expect(windows.bytes(file, segment, at: border - 8, count: 8)?.loadUnaligned(as: UInt64.self) == border / 4096)
    #expect(windows.bytes(file, segment, at: border, count: 8)?.loadUnaligned(as: UInt64.self) == border / 4096 + 1)
    #expect(windows.bytes(file, segment, at: border - 8, count: 9) == nil)
    // The last window ends with the segment.
    #expect(windows.bytes(file, segment, at: 0x9ff8, count: 8)?.loadUnaligned(as: UInt64.self) == 10)
    #expect(windows.bytes(file, segment, at: 0x9ff8, count: 9) == nil)
  }

  @Test("a file that can't be mapped is read, and no pointer is to be had")
  func unmappable() throws {
    // A directory can be opened for reading, but neither mapped nor read.
    let directory = try FileDescriptor.open(Text("/tmp"), flags: O_RDONLY)
    let windows = ReadWindows(size: 8192, most: 2)
    #expect(windows.bytes(directory, segment, at: 0, count: 8) == nil)
    #expect(throws: VmcoreError.self) { _ = try read(windows, directory, at: 0, count: 8) }
    // After a window can't be mapped, the file is read.
    let file = try FileDescriptor.open(path, flags: O_RDONLY)
    #expect(windows.bytes(file, segment, at: 0, count: 8) == nil)
    #expect(try read(windows, file, at: 4090, count: 8) == [0, 0, 0, 0, 0, 0, 2, 0])
  }
}
