import Frames
import Testing

@testable import FileSystem
@testable import FileSystemModel

/// The store is full of a pattern until frames are written. No read of a file may show a byte of it.
@Suite("Old contents")
struct OldContentsTests {
  /// Ways to make a file of 30,000 bytes, with writes of 0x11 only.
  enum Way: CaseIterable {
    case hole, growth, reserved, reservedThenWritten, scattered, punched, cutAndGrown, overwritten, failedWrite, full
  }

  private func make(_ way: Way, _ file: InodeNumber, in tree: Tree) throws {
    let bytes = [UInt8](repeating: 0x11, count: 30_000)
    switch way {
    case .hole: try tree.write([0x11], to: file, at: 29_999)
    case .growth: try tree.write([0x11, 0x11], to: file, at: 5)
    case .reserved: try tree.allocate(file, at: 10, count: 29_990)
    case .reservedThenWritten:
      try tree.allocate(file, at: 0, count: 30_000)
      try tree.write([0x11], to: file, at: 10_000)
      try tree.write([0x11], to: file, at: 4095)
    case .scattered: for offset in [4095, 8192, 12_289, 20_000] { try tree.write([0x11], to: file, at: UInt64(offset)) }
    case .punched:
      try tree.write(bytes, to: file)
      for (offset, count) in [(100, 50), (4000, 200), (8192, 4096), (12_000, 9000)] {
        try tree.punch(file, at: UInt64(offset), count: UInt64(count))
      }
    case .cutAndGrown:
      try tree.write(bytes, to: file)
      try tree.truncate(file, to: 10_001)
    case .overwritten:
      try tree.write(Array(bytes[0..<5000]), to: file, at: 1000)
      try tree.write(Array(bytes[0..<5000]), to: file, at: 7000)
    case .failedWrite:
      tree.frames.callsUntilFailure = (.write, 0)
      _ = try? tree.write(bytes, to: file)
      tree.frames.callsUntilFailure = (.write, 1)
      _ = try? tree.write(bytes, to: file, at: 6000)
    case .full:
      let other = try tree.file("other")
      try tree.write([UInt8](repeating: 0x22, count: 60 * 4096), to: other)
      _ = try? tree.write(bytes, to: file, at: 1)
    }
    try tree.truncate(file, to: 30_000)
  }

  @Test("never show", arguments: Way.allCases)
  func neverShow(way: Way) throws {
    try withTree(fragmenting: true) { tree in
      let file = try tree.file("f")
      try make(way, file, in: tree)
      for (offset, count) in [(0, 30_000), (1, 4095), (4095, 2), (9999, 10_000), (29_000, 5000)] {
        let bytes = try tree.read(file, at: UInt64(offset), count: count)
        #expect(bytes.count == min(count, 30_000 - offset))
        #expect(bytes.allSatisfy { $0 == 0 || $0 == 0x11 })
      }
    }
  }

  @Test("frames that go from file to file show nothing of the one before")
  func reuse() throws {
    try withTree(frames: 8) { tree in
      for round in UInt8(1)...40 {
        let file = try tree.file("f")
        let count = 1 + Int(round) * 731 % 30_000
        try tree.write([UInt8](repeating: round, count: count), to: file, at: UInt64(round) * 7 % 4096)
        try tree.truncate(file, to: 32_768)
        #expect(try tree.read(file).allSatisfy { $0 == 0 || $0 == round })
        try tree.unlink("f")
        tree.fileSystem.forget(file, count: 1)
      }
    }
  }
}
