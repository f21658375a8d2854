import Frames
import Testing

@testable import FileSystem

/// Lets each allocation of a long random run fail once. After each failure the whole tree must equal the reference: a request happens
/// completely or not at all, and a write has written the bytes that it reports.
@Suite("Failing allocations")
struct AllocationFailureTests {
  static let steps = Int(ModelTests.environment("OLDMEMFS_FAILURE_STEPS") ?? 4000)

  @Test("leave everything as it was", arguments: Injection.Kind.allCases, ModelTests.seeds.prefix(1))
  func everyAllocationFails(kind: Injection.Kind, seed: UInt64) throws {
    var generator = Generator(seed: seed &+ 100)
    let harness = try Harness()
    var failures = 0
    var refusals = 0
    for step in 1...Self.steps {
      let operation = generator.next()
      var successes = 0
      // Each allocation of the request in turn, until none is left to fail.
      while true {
        if kind == .metadata { harness.fillSlabs() }
        harness.injection = Injection(kind: kind, successes: successes)
        do {
          try harness.step(operation)
          let hasFailed = harness.injection == nil
          if hasFailed || step % 50 == 0 { try harness.checkWhole() }
          guard hasFailed else { break }
        } catch {
          Issue.record("\(kind), seed \(seed), step \(step), allocation \(successes): \(operation): \(error)")
          return
        }
        failures += 1
        if harness.wasRefused { refusals += 1 }
        successes += 1
      }
    }
    harness.injection = nil
    try harness.removeAll()
    print("\(kind): \(failures) failures, \(refusals) refused requests in \(Self.steps) steps")
    // Most failed writes are repeated in another frame, and few requests read.
    #expect(refusals > Self.steps / 50)
  }
}

extension Harness {
  /// Takes all spare records, so that every reservation must grow.
  func fillSlabs() {
    let time = reference.time
    while fileSystem.inodes.room > 0 {
      fileSystem.inodes.link(fileSystem.inodes.add(mode: FileMode(0), uid: 0, gid: 0, at: time), in: InodeNumber.root.handle)
      ballast.inodes += 1
    }
    fill(fileSystem.extents.mapForTests.nodes, MapNode(), &ballast.extentNodes)
    fill(fileSystem.entries.mapForTests.nodes, MapNode(), &ballast.entryNodes)
    fill(fileSystem.attributes.mapForTests.nodes, MapNode(), &ballast.attributeNodes)
    fill(fileSystem.blobs.shortForTests, ShortPiece(), &ballast.shortPieces)
    fill(fileSystem.blobs.longForTests, LongPiece(), &ballast.longPieces)
    if let limit = reference.inodeLimit { fileSystem.setLimits(size: reference.sizeLimit, inodes: limit + UInt64(ballast.inodes)) }
  }

  private func fill<Record>(_ slab: Slab<Record>, _ record: Record, _ count: inout Int) {
    while slab.room > 0 {
      _ = slab.add(record)
      count += 1
    }
  }
}
