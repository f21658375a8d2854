@testable import FileSystem
@testable import FileSystemModel

/// The choices that an input's bytes make: one byte for fewer than 257 possibilities, and so on. After its end each is the first.
struct InputChoices: Choices {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isUsedUp: Bool { place >= bytes.count }

  mutating func below(_ bound: Int) -> Int {
    var number = 0
    var most = 1
    while most < bound, place < bytes.count {
      number = number << 8 | Int(bytes[place])
      most <<= 8
      place += 1
    }
    return number % bound
  }
}

/// Requests on the file system, and the faults of its store, as an input chooses them.
///
/// The store checks its user: no frame is read before it is written, or released by who does not own it. Each answer must be that of the
/// reference. In the end all counts are those of what can be reached, and once everything is removed, everything is free.
enum Requests {
  /// The first byte of an input chooses one of three: no failures, or failures of every eighth or second request.
  static func run(_ bytes: [UInt8], plant: (TestFrames) -> Void) throws {
    var generator = Generator(InputChoices(Array(bytes.dropFirst())))
    let harness = try Harness()
    plant(harness.frames)
    let rate = [0, 8, 2][Int(bytes.first ?? 0) % 3]
    while !generator.random.isUsedUp {
      if rate > 0, generator.once(in: rate) {
        let kind = Injection.Kind.allCases[generator.below(Injection.Kind.allCases.count)]
        if kind == .metadata { harness.fillSlabs() }
        harness.injection = Injection(kind: kind, successes: generator.below(4))
      }
      try harness.step(generator.next())
      harness.injection = nil
      // A scrub goes on beside the requests.
      if generator.once(in: 16) { _ = try? harness.fileSystem.scrubNext() }
    }
    try harness.checkWhole()
    try harness.removeAll()
  }
}
