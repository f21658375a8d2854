import Testing

@testable import FileSystem
@testable import FileSystemModel

#if canImport(Glibc)
  import Glibc
#endif

/// The model test: the file system and a reference answer the same random requests.
///
/// OLDMEMFS_MODEL_SEED=n repeats one run. OLDMEMFS_MODEL_STEPS=n sets the length of each run. OLDMEMFS_MODEL_TRACE=1 prints each operation
/// before it runs, for runs that end in a trap.
@Suite("Random requests")
struct ModelTests {
  static func environment(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }

  static let seeds: [UInt64] = environment("OLDMEMFS_MODEL_SEED").map { [$0] } ?? [1, 2, 3, 4]
  static let steps = Int(environment("OLDMEMFS_MODEL_STEPS") ?? 50_000)
  static let isTracing = environment("OLDMEMFS_MODEL_TRACE") == 1

  @Test("are answered as the reference answers them", arguments: seeds)
  func agreement(seed: UInt64) throws {
    var generator = Generator(seed: seed)
    var operations: [Operation] = []
    let harness = try Harness()
    do {
      for step in 1...Self.steps {
        let operation = generator.next()
        operations.append(operation)
        if Self.isTracing { print(operation) }
        try harness.step(operation)
        if step % 1000 == 0 { try harness.checkWhole() }
      }
      try harness.removeAll()
    } catch {
      let shortest = shrink(operations) { firstDeviation(in: $0) != nil }
      let lines = shortest.map { "  \($0)" }.joined(separator: "\n")
      let last = firstDeviation(in: shortest)?.description ?? "nothing, once shrunk"
      Issue.record("seed \(seed), step \(operations.count): \(error)\nThe shortest way there:\n\(lines)\nends with: \(last)")
    }
  }
}

@Suite("The model test itself")
struct ModelSelfTests {
  /// Operations up to the first deviation.
  private func findDeviation(_ fault: PlantedFault?, prepare: (Harness) -> Void = { _ in }) throws -> [Operation] {
    var generator = Generator(seed: 11)
    var operations: [Operation] = []
    let harness = try Harness(fault: fault)
    prepare(harness)
    for step in 1...50_000 {
      operations.append(generator.next())
      do {
        try harness.step(operations.last!)
        if step % 200 == 0 { try harness.checkWhole() }
      } catch is Deviation { return operations }
    }
    return []
  }

  @Test("finds a fault that is planted in the reference, and shrinks the way there", arguments: PlantedFault.allCases)
  func plantedFault(_ fault: PlantedFault) throws {
    let operations = try findDeviation(fault)
    #expect(!operations.isEmpty)
    let shortest = shrink(operations) { firstDeviation(in: $0, fault: fault) != nil }
    // Operations name directories by their place among all directories, so some operations can't be left out.
    #expect(shortest.count <= max(12, operations.count / 10), "\(shortest.count) of \(operations.count): \(shortest)")
    #expect(firstDeviation(in: shortest, fault: fault) != nil)
    #expect(firstDeviation(in: shortest) == nil)
  }

  @Test("finds old contents that a store lets show")
  func plantedOldContents() throws {
    let plant = { (harness: Harness) in harness.frames.forgetsToClear = true }
    let operations = try findDeviation(nil, prepare: plant)
    #expect(!operations.isEmpty)
    let shortest = shrink(operations) { firstDeviation(in: $0, prepare: plant) != nil }
    #expect(shortest.count <= 4, "\(shortest)")
  }
}
