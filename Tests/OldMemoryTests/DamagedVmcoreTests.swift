import Foundation
import KernelFixtures
import Platform
import TestSupport
import Testing

@testable import CrashedKernel
@testable import Vmcore

/// The files to damage and the time for it, which Tests/fuzz/run passes in the environment.
private enum Request {
  private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

  static var paths: [String] { variable("OLDMEMFS_DAMAGE")?.split(separator: ":").map(String.init) ?? [] }
  static var seconds: Double { variable("OLDMEMFS_DAMAGE_SECONDS").flatMap(Double.init) ?? 10 }
  static var seed: UInt64 { variable("OLDMEMFS_DAMAGE_SEED").flatMap { UInt64($0) } ?? 1 }
}

@Suite("Real vmcores that are wrong", .enabled(if: !Request.paths.isEmpty), .serialized)
struct DamagedVmcoreTests {
  @Test("whatever is damaged, nothing crashes or hangs, and no frame is outside memory or has two owners", arguments: Request.paths)
  func damage(path: String) throws {
    let file = try DamagedFile(path: path, regions: try Self.regions(of: path))
    var outcomes: [String: Int] = [:]
    var round = Request.seed
    let end = Date(timeIntervalSinceNow: Request.seconds)
    while Date() < end {
      // Each round has its own seed, so that it can be repeated.
      var random = SeededGenerator(seed: round)
      var places: [String] = []
      for _ in 0...random.next() % 8 { places.append(try file.damage(&random)) }
      FileHandle.standardError.write(Data("damage: seed \(round), \(places.joined(separator: ", "))\n".utf8))
      let start = Date()
      outcomes[try PoolCheck(path).outcome, default: 0] += 1
      #expect(Date().timeIntervalSince(start) < 120, "seed \(round)")
      #expect(Self.anonymousMemory < 256 << 10, "seed \(round)")
      try file.repair()
      round += 1
    }
    let told = outcomes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    FileHandle.standardError.write(Data("damage: \(path): \(told)\n".utf8))
    #expect(try PoolCheck(path).outcome == "used")
  }

  /// The anonymous memory of this process in KiB. The tests themselves take some 50 MiB.
  private static var anonymousMemory: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return line.flatMap { Int($0.filter(\.isNumber)) } ?? Int.max
  }

  /// The ranges of a real vmcore in which damage matters.
  private static func regions(of path: String) throws -> [DamagedFile.Region] {
    let core = try Vmcore(path: Text(path))
    let translation = try AddressTranslation(core)
    let sparse = try SparseMemory(core.info, translation)
    let size = try PageLayout(core.info).size
    var tables = FrameRanges()
    var pages = FrameRanges()
    var sections = FrameRanges()
    for section in try CrashedKernel(core: core).sectionRanges.joined() {
      sparse.addFrames(of: section, to: &sections)
      guard let base = try sparse.map(of: section)?.base else { continue }
      for place in stride(from: 0, to: FrameMap.frameCount * size, by: 4096) {
        let address = base &+ UInt64(section * FrameMap.frameCount * size + place)
        guard let found = try translation.physical(address, onTable: { tables.insert($0 / 4096..<$0 / 4096 + 1) }) else { continue }
        pages.insert(found.address.rawValue / 4096..<found.address.rawValue / 4096 + 1)
      }
    }
    func places(_ frames: FrameRanges) -> [Range<UInt64>] {
      frames.ranges.compactMap { range in
        core.fileOffset(of: PFN(range.lowerBound), count: range.count).map { $0..<$0 + UInt64(range.count) * 4096 }
      }
    }
    let first = core.segments.map(\.offset).min() ?? 4096
    return [
      .init(name: "headers", ranges: [0..<4096]), .init(name: "notes", ranges: [4096..<max(first, 8192)]),
      .init(name: "page tables", ranges: places(tables)), .init(name: "mem_section", ranges: places(sections)),
      .init(name: "struct pages", ranges: places(pages)), .init(name: "more struct pages", ranges: places(pages)),
    ]
  }
}
