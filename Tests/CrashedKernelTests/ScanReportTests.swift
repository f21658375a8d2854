import KernelFixtures
import Testing
import Vmcore

@testable import CrashedKernel

@Suite("The scan")
struct ScanReportTests {
  /// A kernel with some pages of each class.
  private func kernel() -> FakeKernel {
    var kernel = FakeKernel(.v6_12)
    kernel.makeFree(0x6000, order: 10)
    kernel.makeFree(0x9000, order: 3)
    kernel.makeCache(0x7000)
    kernel.makeCache(0x7001, unexplained: 1)
    kernel.makeCache(0x7002, hasPrivateData: true)
    kernel.makeAnonymous(0x7010)
    kernel.makeHugetlb(0x7200)
    kernel.makeTyped(0x7011, 0xf100_0000)
    return kernel
  }

  @Test(
    "each level counts what it leaves out",
    arguments: [
      (0, 0, 1), (1, 0, 1), (2, 1, 3), (4, 2, 4), (8, 513, 514), (16, 1032, 1033), (30, 1547, 1549), (31, 1547, 1549),
    ] as [(UInt32, UInt64, UInt64)])
  func levels(level: UInt32, reusable: UInt64, leftOut: UInt64) throws {
    let report = ScanReport(of: try CrashedKernel(kernel()), policy: ReusePolicy(level: DumpLevel(rawValue: level)))
    #expect(report.totalReusable == reusable)
    #expect(report.leftOut == leftOut)
    #expect(report[.free] == 1032)
    #expect(report.frames == 159 + 0xc000 - 0x100)
    #expect(report.sections == 2)
    #expect(report.damagedSections == 0)
  }

  @Test("frames held back are counted by reason")
  func held() throws {
    let report = ScanReport(of: try CrashedKernel(kernel()), policy: ReusePolicy(level: DumpLevel(rawValue: 31)))
    #expect(report[held: .references] == 1)
    #expect(report[held: .locked] == 0)
  }

  @Test("runs are told in order, each of one class")
  func runs() throws {
    var runs: [String] = []
    _ = ScanReport(of: try CrashedKernel(kernel()), policy: ReusePolicy(level: DumpLevel(rawValue: 31))) { first, count, frameClass in
      runs.append("\(first) \(count) \(frameClass)")
    }
    #expect(
      runs == [
        "\(0x6000) 1024 free", "\(0x7000) 1 cache", "\(0x7002) 1 privateCache", "\(0x7010) 1 user", "\(0x7200) 512 hugetlb",
        "\(0x9000) 8 free",
      ])
  }

  @Test("a section that can't be read is counted, and its memory is still memory")
  func damage() throws {
    var kernel = kernel()
    kernel.core.put(UInt64(0xf), at: FakeKernel.sectionRoot + 16)
    let report = ScanReport(of: try CrashedKernel(kernel), policy: ReusePolicy(level: DumpLevel(rawValue: 31)))
    #expect(report.damagedSections == 1)
    #expect(report.firstDamage != nil)
    #expect(report[.free] == 1024)
    #expect(report.frames == 159 + 0xc000 - 0x100)
  }

  @Test("the longest runs come first")
  func longest() throws {
    let report = ScanReport(of: try CrashedKernel(kernel()), policy: ReusePolicy(level: DumpLevel(rawValue: 16)))
    #expect(report.longestRuns.map(\.count) == [1024, 8])
  }
}
