import Glibc
import Platform
import Testing

@testable import FileSystem
@testable import FileSystemModel

/// The cost of metadata in memory and time.
@Suite("100,000 files", .serialized)
struct MemoryTests {
  private static let count = 100_000

  /// A name of 20 bytes.
  private static func name(_ index: Int) -> FileName {
    var digits: [UInt8] = []
    var rest = index
    for _ in 0..<8 {
      digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    }
    return try! FileName(Array("twelve bytes".utf8) + digits.reversed())
  }

  private static func fileSystem() throws -> FileSystem<HollowStore> {
    var limits = MountLimits()
    limits.hashSeed = 0x1234_5678_9abc_def0
    return try FileSystem(on: HollowStore(frames: 1 << 24), limits: limits) { Time(seconds: 1, nanoseconds: 0) }
  }

  private static func make(_ index: Int, in fileSystem: FileSystem<HollowStore>) throws -> InodeNumber {
    try fileSystem.makeNode(name(index), in: .root, mode: FileMode(FileMode.regular | 0o644), device: 0, by: Tree.root).attributes.inode
  }

  @Test("take at most 256 bytes each, with a name of 20 bytes and one extent")
  func bytesPerInode() throws {
    let fileSystem = try Self.fileSystem()
    for index in 0..<Self.count {
      let file = try Self.make(index, in: fileSystem)
      _ = try fileSystem.write([1], to: file, at: 0, by: Tree.root)
      fileSystem.forget(file, count: 1)
    }
    let bytes = fileSystem.metadataBytes / Self.count
    print("\(bytes) bytes for each inode")
    #expect(bytes <= 256)
    #expect(MemoryLayout<Inode>.stride <= 120)
    // After that, only the inode table keeps its memory.
    for index in 0..<Self.count { try fileSystem.unlink(Self.name(index), in: .root) }
    #expect(fileSystem.extents.mapForTests.count == 0 && fileSystem.entries.mapForTests.count == 0)
    let rest = fileSystem.metadataBytes - fileSystem.inodes.committedBytes
    #expect(rest <= 6 * 4096 * 4, "\(rest) bytes are left")
  }

  @Test("in one directory are made, found and listed in time that grows with their number")
  func linear() throws {
    let fileSystem = try Self.fileSystem()
    var making: [UInt64] = []
    var finding: [UInt64] = []
    var listing: [UInt64] = []
    for step in 0..<4 {
      let range = step * Self.count / 4..<(step + 1) * Self.count / 4
      making.append(try Self.time { for index in range { fileSystem.forget(try Self.make(index, in: fileSystem), count: 1) } })
      finding.append(
        try Self.time {
          for index in stride(from: range.lowerBound, to: range.upperBound, by: 5) {
            fileSystem.forget(try fileSystem.lookUp(Self.name(index), in: .root).attributes.inode, count: 1)
          }
        })
      var listed = 0
      let all = try Self.time {
        try fileSystem.list(.root, after: 0) { _ in
          listed += 1
          return true
        }
      }
      #expect(listed == range.upperBound + 2)
      listing.append(all / UInt64(step + 1))
    }
    print(
      "ms for each 25,000: made \(making.map { $0 / 1_000_000 }), 5,000 found \(finding.map { $0 / 1_000_000 }), listed \(listing.map { $0 / 1_000_000 })"
    )
    // A scan of all entries would be four times as slow in the last quarter. Processor time, since other load must not matter.
    for times in [making, finding, listing] { #expect(times[1...].min()! < times[0] * 3) }
  }

  /// Nanoseconds of processor time.
  private static func time(_ body: () throws -> Void) throws -> UInt64 {
    let start = clock()
    try body()
    return UInt64(clock() - start) * 1000
  }
}
