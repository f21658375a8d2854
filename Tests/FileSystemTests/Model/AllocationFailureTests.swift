import Frames
import Testing

@testable import FileSystem
@testable import FileSystemModel

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
