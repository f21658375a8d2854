import Frames
import Testing

@testable import FileSystem
@testable import FileSystemModel

@Suite("Extents")
struct ExtentTests {
  private func extent(_ block: UInt64, _ frame: UInt64, _ count: Int, isReserved: Bool = false) -> Extent {
    Extent(block: block, run: FrameRun(first: FrameNumber(frame), count: count), isReserved: isReserved)
  }

  @Test(
    "what goes into the map comes out of it, at the limits too", arguments: [0, 1, 1 << 51] as [UInt64], [0, 1, 1 << 40 - 1] as [UInt64])
  func encoding(block: UInt64, frame: UInt64) {
    for count in [1, 2, Extent.mostBlocks] {
      for isReserved in [false, true] {
        let extent = extent(block, frame, count, isReserved: isReserved)
        let decoded = Extent(MapEntry(key: MapKey(owner: 1, position: block), value: extent.value))
        #expect(decoded.block == block && decoded.frame.rawValue == frame && decoded.count == count && decoded.isReserved == isReserved)
      }
    }
  }

  @Test("one continues another only in the file and in the frames, of the same kind, within the limit")
  func continuing() {
    #expect(extent(10, 100, 5).isContinued(by: extent(15, 105, 1)))
    #expect(!extent(10, 100, 5).isContinued(by: extent(16, 105, 1)))
    #expect(!extent(10, 100, 5).isContinued(by: extent(15, 106, 1)))
    #expect(!extent(10, 100, 5).isContinued(by: extent(15, 105, 1, isReserved: true)))
    let most = Extent.mostBlocks
    #expect(extent(0, 0, most - 1).isContinued(by: extent(UInt64(most) - 1, UInt64(most) - 1, 1)))
    #expect(!extent(0, 0, most).isContinued(by: extent(UInt64(most), UInt64(most), 1)))
  }

  @Test("a part has the frames that belong to its blocks")
  func parts() {
    let part = extent(10, 100, 5, isReserved: true).part(12..<14)
    #expect(part.block == 12 && part.frame.rawValue == 102 && part.count == 2 && part.isReserved)
  }

  @Test("files larger than one extent can say are several")
  func largeFiles() throws {
    let fileSystem = try FileSystem(on: HollowStore(frames: 1 << 25), limits: MountLimits())
    let file = try fileSystem.makeNode(
      FileName([65]), in: .root, mode: FileMode(FileMode.regular), device: 0, by: Tree.root
    ).attributes.inode
    try fileSystem.allocate(file, at: 0, count: 3 << 35, mode: [], by: Tree.root)
    #expect(fileSystem.extents.mapForTests.count == 4)
    #expect(try fileSystem.attributes(of: file).blocks == 3 << 26)
    try fileSystem.allocate(file, at: 1 << 35, count: 1 << 12, mode: [.punchHole, .keepSize], by: Tree.root)
    #expect(throws: FileSystemError.noData) { try fileSystem.seek(.data, in: file, from: 0) }
    #expect(try fileSystem.attributes(of: file).blocks == 3 << 26 - 8)
  }
}
