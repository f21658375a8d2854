import Frames
import Platform

@testable import FileSystem

/// Where the file system and the reference differ.
struct Deviation: Error, CustomStringConvertible {
  let operation: Operation?
  let description: String

  init(_ operation: Operation?, _ what: String) {
    self.operation = operation
    description = (operation.map { "\($0): " } ?? "") + what
  }
}

/// The answer to a request.
enum Outcome: Equatable {
  case done
  case count(Int)
  case position(UInt64)
  case bytes([UInt8])
  case names(Set<[UInt8]>)
  case kind(OpenKind)
  case node(Description)
  case failed(FileSystemError)

  init(_ body: () throws -> Outcome) {
    do { self = try body() } catch { self = .failed(error as! FileSystemError) }
  }
}

/// Runs operations on a file system and on the reference, and compares the answers.
final class Harness {
  /// The size of the file system.
  static let frames = 96
  /// All writes write parts of this.
  static let source: [UInt8] = {
    var random = SeededGenerator(seed: 4)
    return (0..<1 << 16).map { _ in UInt8(1 + random.below(255)) }
  }()

  let fileSystem: FileSystem<TestStore>
  let reference: Reference
  var frames: TestFrames { fileSystem.store.frames }
  private let clock: TestClock
  var nodes: [UInt64: Node] = [:]
  var listings: [ObjectIdentifier: Listing] = [:]
  private(set) var steps = 0
  private var current: Operation?
  var ballast = Ballast()
  /// A failure to inject; nil after the step that it made fail.
  var injection: Injection?
  /// Whether the last step was refused because of the injected failure, and so did nothing.
  private(set) var wasRefused = false

  init(fault: PlantedFault? = nil) throws {
    clock = TestClock()
    var limits = MountLimits()
    limits.size = UInt64(64 * frameSize)
    limits.inodes = 60
    fileSystem = try FileSystem(on: TestStore(frames: Self.frames, fragmenting: true), limits: limits) { [clock] in clock.time }
    reference = Reference(frames: UInt64(Self.frames), time: clock.time)
    reference.sizeLimit = limits.size
    reference.inodeLimit = limits.inodes
    reference.fault = fault
    nodes[1] = reference.root
  }

  /// A listing in progress: its position, the names that existed since its start, and the names that it has returned.
  struct Listing {
    var position: UInt64 = 0
    var owed: Set<Int>
    var seen: Set<Int> = []
  }

  // MARK: Steps

  func step(_ operation: Operation) throws {
    steps += 1
    current = operation
    wasRefused = false
    clock.advance(steps)
    reference.time = clock.time
    // Otherwise failures would use up all frames.
    if frames.retired > Self.frames / 4 { frames.revive() }
    learnFrames()
    try run(operation)
    learnFrames()
    try checkStatistics()
    if nodes.count > reference.nodes.count { for (number, node) in nodes where !node.isAlive { nodes[number] = nil } }
  }

  func fail(_ what: String) -> Deviation { Deviation(current, what) }

  /// Compares both answers. A step that an injected failure made fail must have done nothing.
  func compare(_ real: () throws -> Outcome, _ expected: () throws -> Outcome) throws {
    let actual = runInjecting(real)
    if wasRefused { return }
    let expected = Outcome(expected)
    guard actual == expected else { throw fail("answered \(actual) instead of \(expected)") }
  }

  /// Runs a request with the injected failure, and notes whether it was refused.
  func runInjecting(_ body: () throws -> Outcome) -> Outcome {
    injection?.arm(fileSystem)
    let outcome = Outcome(body)
    if let injection, injection.disarm(fileSystem) {
      self.injection = nil
      if case .failed(let error) = outcome { wasRefused = error == injection.error || error.errno == injection.error.errno }
      learnLosses()
    }
    learnFrames()
    return outcome
  }

  /// Orphans may lose frames to a request that fails later, or whose other frames fail.
  private func learnLosses() {
    for node in reference.nodes where node.isOrphan && !node.blocks.isEmpty {
      let inode = fileSystem.inodes[node.number.handle]
      // One that was written to after it lost its frames has others.
      if inode.isLost, inode.frames == 0 { reference.lose(node) }
    }
  }

  /// Frames that failed and were released are lost. The invariants check that these are the right ones.
  private func learnFrames() { reference.totalFrames = fileSystem.store.totalFrames }

  /// The same for a request that finds or makes an inode.
  func compareEntry(_ real: () throws -> Entry, _ expected: () throws -> Node) throws {
    var number = InodeNumber(0)
    var node: Node?
    try compare {
      let entry = try real()
      number = entry.attributes.inode
      return .node(Description(entry.attributes))
    } _: {
      let found = try expected()
      node = found
      return .node(Description(found))
    }
    guard let node, !wasRefused else { return }
    if node.number == InodeNumber(0) {
      guard nodes[number.rawValue] == nil else { throw fail("a new inode has the number of another, \(number.rawValue)") }
      node.number = number
      nodes[number.rawValue] = node
    }
    guard node.number == number else { throw fail("inode \(number.rawValue) instead of \(node.number.rawValue)") }
  }

  func compareStatus(_ real: () throws -> Void, _ expected: () throws -> Void) throws {
    try compare {
      try real()
      return .done
    } _: {
      try expected()
      return .done
    }
  }

  private func checkStatistics() throws {
    let statistics = fileSystem.statistics
    guard statistics.blocks == reference.frameLimit, statistics.freeBlocks == reference.availableFrames
    else { throw fail("statistics \(statistics), not \(reference.availableFrames) of \(reference.frameLimit) frames free") }
    let inodes = reference.usedInodes + UInt64(ballast.inodes)
    let most = max(inodes, reference.inodeLimit.map { $0 + UInt64(ballast.inodes) } ?? statistics.inodes)
    guard statistics.inodes == most, statistics.freeInodes == most - inodes
    else { throw fail("statistics \(statistics), not \(most - inodes) of \(most) inodes free") }
  }

  private func run(_ operation: Operation) throws {
    switch operation {
    case .lookUp, .lookUpDot, .lookUpDotDot, .makeNode, .makeDirectory, .makeLink, .makeUnnamed, .link: try runEntry(operation)
    case .unlink, .removeDirectory, .rename, .forget, .list: try runNames(operation)
    case .read, .write, .truncate, .allocate, .seek, .open, .close: try runData(operation)
    case .setAttributes, .attributes, .setFlags, .readLink, .setLimits, .stale: try runAttributes(operation)
    default: try runExtendedAttributes(operation)
    }
  }

  // MARK: Choosing

  func directory(_ place: Int) -> Node { reference.directories[place % reference.directories.count] }
  func node(_ place: Int) -> Node { reference.nodes[place % reference.nodes.count] }
  func file(_ place: Int) -> Node? {
    reference.files.isEmpty ? nil : reference.files[place % reference.files.count]
  }
}
