import KernelFixtures
import Testing
import Vmcore

@testable import CrashedKernel

@Suite("The map of memory")
struct ReuseMapTests {
  @Test("each reusable frame is in its cell, and all memory is in one")
  func cells() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.makeFree(0x6000, order: 10)
    kernel.makeFree(0x9000, order: 3)
    let map = ScanReport(of: try CrashedKernel(kernel), policy: ReusePolicy(level: .free)).map
    var reusable: [UInt64: UInt64] = [:]
    var frames: UInt64 = 0
    for row in map.rows {
      #expect(row.cells.count == 64 && row.first % (64 * map.cellFrames) == 0)
      for (index, cell) in row.cells.enumerated() {
        frames += cell.frames
        if cell.reusable > 0 { reusable[row.first + UInt64(index) * map.cellFrames] = cell.reusable }
      }
    }
    #expect(frames == 159 + 0xc000 - 0x100)
    #expect(map.cellFrames == 128)
    var expected: [UInt64: UInt64] = [0x9000: 8]
    for cell in stride(from: UInt64(0x6000), to: 0x6400, by: 128) { expected[cell] = 128 }
    #expect(reusable == expected)
  }

  @Test("a section that can't be read is shown as that")
  func unreadable() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.core.put(UInt64(0xf), at: FakeKernel.sectionRoot + 16)
    let map = ScanReport(of: try CrashedKernel(kernel), policy: ReusePolicy(level: .free)).map
    var unreadable: UInt64 = 0
    for row in map.rows { for cell in row.cells { unreadable += cell.unreadable } }
    #expect(unreadable == 0x4000)
  }

  @Test("rows without memory are left out, however far apart memory is")
  func holes() throws {
    var kernel = FakeKernel(.v6_12)
    kernel.core.segments.append(.init(physical: 40 << 40, virtual: kernel.directMap + 40 << 40, size: 8 << 20))
    let map = ScanReport(of: try CrashedKernel(kernel), policy: ReusePolicy(level: .free)).map
    #expect(map.rows.count <= 16)
    #expect(map.cellFrames <= 256)
    let far: UInt64 = 10 << 30
    let last = try #require(map.rows.last)
    #expect((last.first..<last.first + 64 * map.cellFrames).contains(far))
    var frames: UInt64 = 0
    for row in map.rows { for cell in row.cells { frames += cell.frames } }
    #expect(frames == 159 + 0xc000 - 0x100 + 2048)
  }
}
