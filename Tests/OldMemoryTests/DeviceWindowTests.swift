import Frames
import Glibc
import KernelFixtures
import Platform
import TestSupport
import Testing
import Vmcore

@testable import OldMemory

@Suite("Windows of the memory device")
struct DeviceWindowTests {
  /// PT_LOADs: the first two adjoin in the middle of a MiB, and the last but 40 ends in the middle of one. With the 40 of two pages each
  /// there are more windows than the 32 that stay mapped.
  private static let pieces: [Range<UInt64>] =
    [0x100..<0x870, 0x870..<0x900, 0xd00..<0x1080] + (0..<40).map { 0x1100 + $0 * 4..<0x1102 + $0 * 4 }

  private let directory: TemporaryDirectory
  private let vmcore: Vmcore

  init() throws {
    directory = try TemporaryDirectory()
    var core = FakeCore()
    core.segments = Self.pieces.map { piece in
      .init(
        physical: piece.lowerBound * 4096, virtual: 0xffff_8880_0000_0000 + piece.lowerBound * 4096,
        size: UInt64(piece.count) * 4096)
    }
    core.notes = [.init(name: "VMCOREINFO", contents: Array("OSRELEASE=1\n".utf8))]
    try core.write(to: directory.path + "/vmcore")
    vmcore = try Vmcore(path: Text(directory.path + "/vmcore"))
  }

  /// A file in place of the device, in which each page begins with its number.
  private func device(pages: UInt64 = 0x1200) throws -> DeviceBackend {
    let path = directory.path + "/device"
    let file = open(path, O_WRONLY | O_CREAT, 0o600)
    defer { close(file) }
    try #require(ftruncate(file, off_t(pages * 4096)) == 0)
    for page in Self.pieces.joined() where page < pages {
      _ = withUnsafeBytes(of: page) { pwrite(file, $0.baseAddress, $0.count, off_t(page * 4096)) }
    }
    return try DeviceBackend(device: Text(path), core: vmcore)
  }

  private func number(_ device: DeviceBackend, _ frame: UInt64) throws -> UInt64 {
    try device.mapped(FrameNumber(frame), upTo: 1).loadUnaligned(as: UInt64.self)
  }

  @Test(
    "a window is an aligned MiB, cut to the piece of memory that the frame is in",
    arguments: [
      (0x100, 0x100..<0x200), (0x1ff, 0x100..<0x200), (0x200, 0x200..<0x300), (0x86f, 0x800..<0x870), (0x870, 0x870..<0x900),
      (0xd00, 0xd00..<0xe00), (0x1000, 0x1000..<0x1080), (0x107f, 0x1000..<0x1080),
      // A page that is not memory has a window of its own.
      (0xff, 0xff..<0x100), (0x900, 0x900..<0x901), (0x1080, 0x1080..<0x1081),
    ] as [(UInt64, Range<UInt64>)])
  func windows(frame: UInt64, window: Range<UInt64>) throws {
    let device = try device()
    #expect(device.window(around: FrameNumber(frame)) == window)
    #expect(device.failing(with: FrameNumber(frame)) == window)
  }

  @Test("what is reached in one piece ends with the window, or with what was asked for")
  func pieces() throws {
    let device = try device()
    #expect(try device.mapped(FrameNumber(0x1f0), upTo: 100).count == 16 * 4096)
    #expect(try device.mapped(FrameNumber(0x860), upTo: 100).count == 16 * 4096)
    #expect(try device.mapped(FrameNumber(0x200), upTo: 3).count == 3 * 4096)
    #expect(try device.mapped(FrameNumber(0x107f), upTo: 2).count == 4096)
  }

  @Test("each frame is its own, however many windows have come and gone")
  func reuse() throws {
    let device = try device()
    let frames = Self.pieces.flatMap { stride(from: $0.lowerBound, to: $0.upperBound, by: 97) }
    #expect(Set(frames.map { device.window(around: FrameNumber($0)).lowerBound }).count > 40)
    for frame in frames + frames.reversed() { #expect(try number(device, frame) == frame) }
  }

  @Test("what is written through a window is there through the next, and in no other frame")
  func writing() throws {
    let device = try device()
    var buffer = [UInt8](repeating: 7, count: 3 * 4096)
    // Two frames of one window, and the first of the next.
    var done = 0
    while done < buffer.count {
      done += try buffer.withUnsafeBytes { try device.write(.init(rebasing: $0[done...]), to: FrameNumber(0x1fe + UInt64(done / 4096))) }
    }
    buffer = [UInt8](repeating: 0, count: 4096)
    for frame in 0x1fe...0x200 as ClosedRange<UInt64> {
      #expect(try buffer.withUnsafeMutableBytes { try device.read(FrameNumber(frame), into: $0) } == 4096)
      #expect(buffer.allSatisfy { $0 == 7 })
    }
    #expect(try number(device, 0x1fd) == 0x1fd && number(device, 0x201) == 0x201)
  }

  @Test("what is no memory is not mapped, nor what the device ends before")
  func outside() throws {
    let device = try device(pages: 0xe80)
    for frame in [0, 0xff, 0x900, 0x1080, 1 << 40] as [UInt64] {
      #expect(throws: StoreError.inaccessible(FrameNumber(frame), .invalid)) { _ = try device.mapped(FrameNumber(frame), upTo: 1) }
    }
    #expect(try number(device, 0xdff) == 0xdff)
    // The device ends inside this window, which is then not mapped at all.
    #expect(throws: StoreError.inaccessible(FrameNumber(0xe00), .invalid)) { _ = try device.mapped(FrameNumber(0xe00), upTo: 1) }
  }
}
