import CrashedKernel
import KernelFixtures
import Testing
import Vmcore

@testable import CrashedKernel

/// Which runs of frames are swapped to. The fake kernel has its own things in section 0.
@Suite("runs to swap to")
struct RunChoiceTests {
  private static let policy = ReusePolicy(level: DumpLevel(rawValue: 31))
  private static let section = UInt64(1) << 15

  private static func choice(
    _ kernel: FakeKernel, in ranges: [Range<UInt64>] = [section..<2 * section], frames: UInt64 = 1 << 20, runs: Int = 100,
    policy: ReusePolicy = policy, taking: Range<UInt64>? = nil
  ) throws -> RunChoice {
    let crashed = try CrashedKernel(kernel)
    if let taking { crashed.take(PFN(taking.lowerBound)..<PFN(taking.upperBound)) }
    return RunChoice(crashed, policy, in: ranges.map { PFN($0.lowerBound)..<PFN($0.upperBound) }, frames: frames, runs: runs)
  }

  private static func run(_ first: UInt64, _ count: UInt64, isFree: Bool = true) -> RunChoice.Run {
    RunChoice.Run(frames: PFN(section + first)..<PFN(section + first + count), isFree: isFree)
  }

  /// Free blocks of 64 and 128 frames, side by side; 32 frames of page cache behind them; a free block of 256 frames further on.
  private static func kernel() -> FakeKernel {
    var kernel = FakeKernel(.v6_12, sections: 3)
    kernel.makeFree(section + 64, order: 6)
    kernel.makeFree(section + 128, order: 7)
    for frame in section + 256..<section + 288 { kernel.makeCache(frame) }
    kernel.makeFree(section + 512, order: 8)
    return kernel
  }

  @Test("neighbours are one run, but free frames and others are two")
  func runs() throws {
    let choice = try Self.choice(Self.kernel())
    #expect(choice.runs == [Self.run(64, 192), Self.run(256, 32, isFree: false), Self.run(512, 256)])
    #expect(choice.frames == 480 && choice.freeFrames == 448)
  }

  @Test("free frames come first, then the longest runs, and no more than asked for")
  func best() throws {
    #expect(try Self.choice(Self.kernel(), frames: 256).runs == [Self.run(512, 256)])
    #expect(try Self.choice(Self.kernel(), frames: 300).runs == [Self.run(64, 44), Self.run(512, 256)])
    #expect(try Self.choice(Self.kernel(), runs: 2).runs == [Self.run(64, 192), Self.run(512, 256)])
    let all = try Self.choice(Self.kernel(), frames: 450)
    #expect(all.runs == [Self.run(64, 192), Self.run(256, 2, isFree: false), Self.run(512, 256)])
    #expect(all.frames == 450 && all.freeFrames == 448)
  }

  @Test("short runs are left out")
  func short() throws {
    var kernel = FakeKernel(.v6_12, sections: 3)
    kernel.makeFree(Self.section + 64, order: 3)
    kernel.makeFree(Self.section + 128, order: 4)
    #expect(try Self.choice(kernel).runs == [Self.run(128, 16)])
  }

  @Test("frames that may not be overwritten, that somebody has, or that lie outside the ranges are not taken")
  func left() throws {
    let free = ReusePolicy(level: DumpLevel(rawValue: 16))
    #expect(try Self.choice(Self.kernel(), policy: free).runs == [Self.run(64, 192), Self.run(512, 256)])
    #expect(
      try Self.choice(Self.kernel(), taking: Self.section + 600..<Self.section + 601).runs
        == [Self.run(64, 192), Self.run(256, 32, isFree: false), Self.run(512, 88), Self.run(601, 167)])
    #expect(try Self.choice(Self.kernel(), in: [Self.section + 100..<Self.section + 270]).runs == [Self.run(100, 156)])
    #expect(try Self.choice(Self.kernel(), in: []).runs.isEmpty)
    #expect(try Self.choice(Self.kernel(), in: [5 * Self.section..<6 * Self.section]).runs.isEmpty)
  }

  @Test("of more runs than are kept, the best are found wherever they lie")
  func many() throws {
    var kernel = FakeKernel(.v6_12, sections: 3)
    for place in 0..<200 as Range<UInt64> { kernel.makeFree(Self.section + 64 * place, order: 4) }
    kernel.makeFree(Self.section + 64 * 200, order: 6)
    kernel.makeFree(2 * Self.section + 1024, order: 9)
    let choice = try Self.choice(kernel, in: [Self.section..<3 * Self.section], runs: 3)
    #expect(choice.runs.count == 3 && choice.frames == 512 + 64 + 16)
  }
}
