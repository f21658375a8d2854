import Foundation
import KernelFixtures
import TestSupport

/// Correct inputs, from which the fuzzer makes wrong ones.
enum Seeds {
  static func write(to directory: String) throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    func put(_ parser: Parser, _ name: String, _ bytes: [UInt8]) throws {
      try Data([parser.rawValue] + bytes).write(to: URL(fileURLWithPath: "\(directory)/\(parser)-\(name)"))
    }
    for (index, series) in KernelSeries.allCases.enumerated() {
      let kernel = kernel(series)
      try put(.information, "\(series)", Array(kernel.informationText.utf8))
      try put(.structPages, "\(series)", [UInt8(index)] + structPages(of: kernel))
      try put(.coreFile, "\(series)", try coreFile(kernel))
    }
  }

  /// The second section begins with a page of each kind; the input is its first struct pages.
  private static func kernel(_ series: KernelSeries) -> FakeKernel {
    var kernel = FakeKernel(series)
    kernel.makeFree(0x8000, order: 3)
    kernel.makeCache(0x8008, hasPrivateData: true)
    kernel.makeAnonymous(0x8009)
    kernel.makeSlab(0x800a)
    kernel.makeCache(0x8010, order: 2, mapped: .init(each: [1]))
    kernel.makeAnonymous(0x8014, order: 2, mapped: .init(whole: 1))
    kernel.makeHugetlb(0x8018, order: 2)
    kernel.makeTyped(0x801c, series.types.offline)
    return kernel
  }

  private static func structPages(of kernel: FakeKernel) -> [UInt8] {
    let address = kernel.structPage(0x8000)
    return Array(kernel.core.memory[address / 4096]!.prefix(64 * 40))
  }

  /// A core file that has only the few pages that the parser reads.
  private static func coreFile(_ kernel: FakeKernel) throws -> [UInt8] {
    var small = FakeCore()
    small.dataOffset = 4096
    small.memory = kernel.core.memory
    for place in [FakeKernel.topTable, FakeKernel.topTable + 1 << 20, FakeKernel.sectionArray, FakeKernel.sectionRoot] {
      small.segments.append(.init(physical: place, virtual: kernel.directMap + place, size: 2 * 4096))
    }
    small.notes = [
      .init(name: "CORE", contents: [1, 2, 3, 4, 5]), .init(name: "VMCOREINFO", contents: Array(kernel.informationText.utf8)),
    ]
    let directory = try TemporaryDirectory()
    try small.write(to: directory.path + "/core")
    return Array(try Data(contentsOf: URL(fileURLWithPath: directory.path + "/core")))
  }
}
