import CrashedKernel
import Frames
import KernelFixtures
import Platform
import TestSupport
import Testing
import Vmcore

@testable import OldMemory

@Suite("Memory that is wrong")
struct HostileMemoryTests {
  /// A kernel with pages of every class.
  private func kernel(_ series: KernelSeries, levels: Int) -> FakeKernel {
    var kernel = FakeKernel(series, levels: levels)
    for block in 0..<UInt64(4) { kernel.makeFree(0x6000 + block * 0x400, order: 10) }
    for order in 0..<10 { kernel.makeFree(0x8000 + UInt64(2) << UInt64(order), order: order) }
    for pfn in UInt64(0x7000)..<0x7040 { kernel.makeCache(pfn, mapped: .init(each: [UInt32(pfn % 3)]), hasPrivateData: pfn % 5 == 0) }
    for pfn in UInt64(0x7040)..<0x7080 { kernel.makeAnonymous(pfn, unexplained: pfn % 7 == 0 ? 1 : 0) }
    for block in 0..<UInt64(8) { kernel.makeCache(0x7100 + block * 16, order: 4, mapped: .init(each: [1, 0, 2])) }
    kernel.makeAnonymous(0x9000, order: 9, mapped: .init(whole: 1))
    kernel.makeHugetlb(0x9200)
    kernel.makeHugetlb(0x9400, .file(mapped: 2))
    kernel.makeSlab(0x9600, order: 3)
    return kernel
  }

  @Test(
    "whatever is damaged, nothing crashes or hangs, and no frame is outside memory or has two owners",
    arguments: KernelSeries.allCases, [4, 5])
  func damage(series: KernelSeries, levels: Int) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/vmcore"
    let kernel = kernel(series, levels: levels)
    try kernel.write(to: path)
    let file = try DamagedFile(path: path, regions: kernel.regions)
    var random = SeededGenerator(seed: UInt64(levels))
    var outcomes: [String: Int] = [:]
    for _ in 0..<30 {
      for _ in 0...random.next() % 6 { _ = try file.damage(&random) }
      outcomes[try PoolCheck(path).outcome, default: 0] += 1
      try file.repair()
    }
    // Most of the time some frames can still be used.
    #expect(outcomes["used"] ?? 0 > 5)
    #expect(try PoolCheck(path).outcome == "used")
  }

  @Test("a frame that is found twice is given out once")
  func foundTwice() throws {
    let section = try OpenSection()
    #expect(section.offer(10..<20) == 10)
    #expect(section.withdraw(12..<15) == 3)
    #expect(section.offer(0..<30) == 20)
    #expect(section.available.runLength(from: 0, limit: 100) == 12)
    #expect(section.available.firstSet(from: 12) == 15)
    #expect(section.offer(0..<30) == 0)
  }
}

/// Opens a pool on a vmcore file, and allocates each frame.
struct PoolCheck {
  /// "used", or the reason why it was not.
  let outcome: String

  init(_ path: String) throws {
    let text = Text(path)
    do {
      let core = try Vmcore(path: text)
      let crashed = try CrashedKernel(core: core)
      let paths = OldMemoryPaths(vmcore: text, device: nil, way: .vmcore)
      let pool = try FramePool.oldMemory(of: crashed, policy: ReusePolicy(level: DumpLevel(rawValue: 31)), paths: paths, checksums: true)
      while !pool.isScanned { pool.scanNextSection() }
      var owned = Set<UInt64>()
      while pool.freeFrames > 0 {
        let run = try pool.allocate(upTo: 512, after: nil)
        #expect(core.fileOffset(of: PFN(run.first.rawValue), count: run.count) != nil)
        for frame in run.first.rawValue..<run.first.rawValue + UInt64(run.count) { #expect(owned.insert(frame).inserted) }
      }
      #expect(UInt64(owned.count) == pool.totalFrames)
      outcome = "used"
    } catch is VmcoreError {
      outcome = "no vmcore"
    } catch is KernelError {
      outcome = "not understood"
    } catch is PoolError {
      outcome = "nothing reusable"
    }
  }
}
