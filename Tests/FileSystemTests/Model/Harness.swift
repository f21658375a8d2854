import OldMemory
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

/// What a request answered.
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

/// Runs operations on a file system and on the reference at once, and compares what they answer.
final class Harness {
  /// How big the world is.
  static let frames = 96
  /// All that writes write is a part of this.
  private static let source: [UInt8] = {
    var random = SeededGenerator(seed: 4)
    return (0..<1 << 16).map { _ in UInt8(1 + random.below(255)) }
  }()

  let fileSystem: FileSystem<TestStore>
  let reference: Reference
  var frames: TestFrames { fileSystem.store.frames }
  private let clock: TestClock
  private var nodes: [UInt64: Node] = [:]
  private var listings: [ObjectIdentifier: Listing] = [:]
  private(set) var steps = 0
  private var current: Operation?
  var ballast = Ballast()
  /// A failure to come; after a step that it made fail, it is nil.
  var injection: Injection?
  /// Whether the last step was refused because of the injection, and so did nothing.
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

  // MARK: Steps

  func step(_ operation: Operation) throws {
    steps += 1
    current = operation
    wasRefused = false
    clock.advance(steps)
    reference.time = clock.time
    try run(operation)
    try checkStatistics()
    if nodes.count > reference.nodes.count { for (number, node) in nodes where !node.isAlive { nodes[number] = nil } }
  }

  private func fail(_ what: String) -> Deviation { Deviation(current, what) }

  /// Compares what both answer; a step that an injected failure made fail must have done nothing.
  private func compare(_ real: () throws -> Outcome, _ expected: () throws -> Outcome) throws {
    let actual = runInjecting(real)
    if wasRefused { return }
    let expected = Outcome(expected)
    guard actual == expected else { throw fail("answered \(actual) instead of \(expected)") }
  }

  /// Runs a request with the injected failure armed, and notes whether it was refused.
  private func runInjecting(_ body: () throws -> Outcome) -> Outcome {
    injection?.arm(fileSystem)
    let outcome = Outcome(body)
    if let injection, injection.disarm(fileSystem) {
      self.injection = nil
      if case .failed(let error) = outcome { wasRefused = error == injection.error || error.errno == injection.error.errno }
    }
    return outcome
  }

  /// The same of a request that finds or makes an inode.
  private func compareEntry(_ real: () throws -> Entry, _ expected: () throws -> Node) throws {
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

  private func compareStatus(_ real: () throws -> Void, _ expected: () throws -> Void) throws {
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
    case .setAttributes, .attributes, .readLink, .setLimits, .stale: try runAttributes(operation)
    default: try runExtendedAttributes(operation)
    }
  }

  // MARK: Choosing

  private func directory(_ place: Int) -> Node { reference.directories[place % reference.directories.count] }
  private func node(_ place: Int) -> Node { reference.nodes[place % reference.nodes.count] }
  private func file(_ place: Int) -> Node? {
    reference.files.isEmpty ? nil : reference.files[place % reference.files.count]
  }

  // MARK: Requests that answer with an inode

  private func runEntry(_ operation: Operation) throws {
    let (real, model) = (fileSystem, reference)
    switch operation {
    case .lookUp(let place, let name):
      let directory = directory(place)
      try compareEntry { try real.lookUp(Pools.names[name], in: directory.number) } _: { try model.lookUp(name, in: directory) }
    case .lookUpDot(let place):
      let node = node(place)
      try compareEntry { try real.lookUp(.dot, in: node.number) } _: { model.refer(to: node) }
    case .lookUpDotDot(let place):
      let node = node(place)
      try compareEntry { try real.lookUp(.dotDot, in: node.number) } _: { try model.lookUpDotDot(node) }
    case .makeNode(let place, let name, let type, let permissions, let device, let caller):
      let directory = directory(place)
      try compareEntry {
        try real.makeNode(
          Pools.names[name], in: directory.number, mode: FileMode(type | permissions), device: device, by: Pools.callers[caller])
      } _: {
        try model.make(name, in: directory, mode: type | permissions, device: device, by: caller)
      }
    case .makeDirectory(let place, let name, let permissions, let caller):
      let directory = directory(place)
      try compareEntry {
        try real.makeDirectory(Pools.names[name], in: directory.number, permissions: permissions, by: Pools.callers[caller])
      } _: {
        try model.make(name, in: directory, mode: 0o040000 | permissions, by: caller)
      }
    case .makeLink(let place, let name, let length, let caller):
      let directory = directory(place)
      let target = Array(Self.source[0..<length])
      try compareEntry {
        try real.makeLink(Pools.names[name], in: directory.number, target: target, by: Pools.callers[caller])
      } _: {
        if target.isEmpty { throw FileSystemError.noEntry }
        if target.count > 4095 { throw FileSystemError.nameTooLong }
        return try model.make(name, in: directory, mode: 0o120777, target: target, by: caller)
      }
    case .makeUnnamed(let place, let permissions, let caller):
      let directory = directory(place)
      try compareEntry {
        try real.makeUnnamed(in: directory.number, permissions: permissions, by: Pools.callers[caller])
      } _: {
        try model.makeUnnamed(in: directory, mode: 0o100000 | permissions, by: caller)
      }
    case .link(let place, let directoryPlace, let name):
      let (node, directory) = (node(place), directory(directoryPlace))
      try compareEntry {
        try real.link(node.number, as: Pools.names[name], in: directory.number)
      } _: {
        try model.link(node, as: name, in: directory)
      }
    default: break
    }
  }

  // MARK: Names

  private func runNames(_ operation: Operation) throws {
    let (real, model) = (fileSystem, reference)
    switch operation {
    case .unlink(let place, let name):
      let directory = directory(place)
      try compareStatus { try real.unlink(Pools.names[name], in: directory.number) } _: { try model.unlink(name, in: directory) }
      noteAbsence(of: name, in: directory)
    case .removeDirectory(let place, let name):
      let directory = directory(place)
      try compareStatus { try real.removeDirectory(Pools.names[name], in: directory.number) } _: {
        try model.removeDirectory(name, in: directory)
      }
      noteAbsence(of: name, in: directory)
    case .rename(let place, let name, let newPlace, let newName, let flags, let caller):
      let (source, target) = (directory(place), directory(newPlace))
      try compareStatus {
        try real.rename(
          from: .init(Pools.names[name], in: source.number), to: .init(Pools.names[newName], in: target.number),
          RenameFlags(rawValue: flags), by: Pools.callers[caller])
      } _: {
        try model.rename(name, in: source, to: newName, in: target, flags: flags, by: caller)
      }
      learnWhiteout(name, in: source)
      noteAbsence(of: name, in: source)
    case .forget(let place, let count):
      let node = node(place)
      real.forget(node.number, count: count)
      model.forget(node, count: count)
    case .list(let place, let count, let referencing): try list(directory(place), count, referencing)
    default: break
    }
  }

  /// A whiteout is an inode that no request answered with.
  private func learnWhiteout(_ name: Int, in directory: Node) {
    guard let node = directory.entries[name], node.number == InodeNumber(0) else { return }
    guard let found = fileSystem.find(Pools.names[name], in: directory.number.handle) else { return }
    node.number = InodeNumber(handle: found.child)
    nodes[node.number.rawValue] = node
  }

  /// A name that is gone, even for a moment, is owed to no listing any more.
  private func noteAbsence(of name: Int, in directory: Node) {
    guard directory.entries[name] == nil else { return }
    listings[ObjectIdentifier(directory)]?.owed.remove(name)
    listings[ObjectIdentifier(directory)]?.seen.remove(name)
  }

  /// A listing that has begun: where it goes on, names that were there when it began and still are, and those it has had.
  private struct Listing {
    var position: UInt64 = 0
    var owed: Set<Int>
    var seen: Set<Int> = []
  }

  private func list(_ directory: Node, _ count: Int, _ referencing: Bool) throws {
    var listing = listings[ObjectIdentifier(directory)] ?? Listing(owed: Set(directory.entries.keys))
    let isFirst = listing.position == 0
    var listed: [FileSystem<TestStore>.Listed] = []
    try compareStatus {
      try fileSystem.list(directory.number, after: listing.position) { entry in
        listed.append(entry)
        return listed.count < count
      }
    } _: {
      guard directory.links > 0 else { throw FileSystemError.noEntry }
      if isFirst { reference.noteAccess(directory) }
    }
    for entry in listed {
      guard entry.position > listing.position else { throw fail("positions go back") }
      listing.position = entry.position
      try check(entry, of: directory, &listing)
      if referencing {
        _ = fileSystem.reference(entry)
        nodes[entry.inode.rawValue]!.lookups += 1
      }
    }
    listings[ObjectIdentifier(directory)] = listing
    if listed.count < count {
      guard directory.links == 0 || listing.owed.isSubset(of: listing.seen) else { throw fail("names were skipped: \(listing)") }
      listings[ObjectIdentifier(directory)] = nil
    }
  }

  private func check(_ entry: FileSystem<TestStore>.Listed, of directory: Node, _ listing: inout Listing) throws {
    if entry.isDots {
      let expected = entry.name.count == 1 ? directory : directory.parent!
      guard entry.inode == expected.number else { throw fail("\(entry.name) is \(entry.inode)") }
      return
    }
    guard let name = Pools.names.firstIndex(where: { $0.bytes == entry.name }), let node = directory.entries[name]
    else { throw fail("listed \(entry.name), which is not there") }
    guard entry.inode == node.number, entry.mode.type == node.type else { throw fail("listed \(entry.name) as \(entry.inode)") }
    guard listing.seen.insert(name).inserted else { throw fail("listed \(entry.name) twice") }
  }

  // MARK: Data

  private func runData(_ operation: Operation) throws {
    let (real, model) = (fileSystem, reference)
    switch operation {
    case .read(let place, let offset, let count, let touching):
      guard let file = file(place) else { return }
      try compare { .bytes(try real.bytes(of: file.number, at: offset, count: count, touching: touching)) } _: {
        .bytes(model.read(file, at: offset, count: count, touching: touching))
      }
    case .write(let place, let offset, let count, let caller):
      guard let file = file(place) else { return }
      try write(file, offset, Array(Self.source[steps % 30000..<steps % 30000 + count]), caller)
    case .truncate(let place, let size, let caller, let isOpen):
      guard let file = file(place) else { return }
      var change = AttributeChange()
      change.size = size
      try compare {
        .node(Description(try real.setAttributes(of: file.number, to: change, by: Pools.callers[caller], isOpen: isOpen)))
      } _: {
        try model.truncate(file, to: size, by: caller, isOpen: isOpen)
        return .node(Description(file))
      }
    case .allocate(let place, let offset, let count, let mode, let caller):
      guard let file = file(place) else { return }
      try allocate(file, offset, count, mode, caller)
    case .seek(let place, let target, let offset):
      guard let file = file(place) else { return }
      try compare { .position(try real.seek(target, in: file.number, from: offset)) } _: {
        .position(try model.seek(target, in: file, from: offset))
      }
    case .open(let place, let isStream, let mixing, let truncating, let caller):
      let node = node(place)
      try compare {
        .kind(try real.open(node.number, isStream: isStream, mixing: mixing, truncating: truncating, by: Pools.callers[caller]))
      } _: {
        .kind(try model.open(node, isStream: isStream, mixing: mixing, truncating: truncating, by: caller))
      }
    case .close(let place, let kind):
      let node = node(place)
      real.close(node.number, kind)
      model.close(node, kind)
    default: break
    }
  }

  /// A write that was cut short by an injected failure must have done what it says, and no more.
  private func write(_ file: Node, _ offset: UInt64, _ bytes: [UInt8], _ caller: Int) throws {
    let wasArmed = injection != nil
    let actual = runInjecting { .count(try fileSystem.write(bytes, to: file.number, at: offset, by: Pools.callers[caller])) }
    if wasRefused {
      // As in tmpfs, the times and the mode change before the first byte is written.
      reference.noteChange(file, by: caller)
      return learnLosses()
    }
    var bytes = bytes
    if wasArmed, injection == nil, case .count(let count) = actual { bytes = Array(bytes[0..<count]) }
    let expected = Outcome { .count(try reference.write(file, at: offset, bytes, by: caller)) }
    guard actual == expected else { throw fail("answered \(actual) instead of \(expected)") }
  }

  /// Doomed files may lose their frames even to a request that then fails.
  private func learnLosses() {
    for node in reference.nodes where node.isDoomed && !node.blocks.isEmpty && fileSystem.inodes[node.number.handle].isLost {
      reference.lose(node)
    }
  }

  private func allocate(_ file: Node, _ offset: UInt64, _ count: UInt64, _ mode: Int32, _ caller: Int) throws {
    let writes = frames.writes
    try compareStatus {
      try fileSystem.allocate(
        file.number, at: offset, count: count, mode: AllocateMode(rawValue: mode), by: Pools.callers[caller])
    } _: {
      try reference.allocate(file, at: offset, count: count, mode: mode, by: caller)
    }
    guard wasRefused else { return }
    learnLosses()
    // As in tmpfs, what was reserved before in the part of the range that had been reached goes as well.
    let left = Int(fileSystem.inodes[file.number.handle].frames)
    reference.loseReserved(of: file, at: offset, count: count, until: left)
    // A hole that could not be made has perhaps its first edge.
    if frames.writes > writes { reference.clear(file, from: offset, to: offset + count) }
  }

  // MARK: Attributes

  private func runAttributes(_ operation: Operation) throws {
    let (real, model) = (fileSystem, reference)
    switch operation {
    case .setAttributes(let place, let change, let caller):
      let node = node(place)
      try compare {
        .node(Description(try real.setAttributes(of: node.number, to: change, by: Pools.callers[caller])))
      } _: {
        try model.setAttributes(node, to: change, by: caller, isOpen: false)
        return .node(Description(node))
      }
    case .attributes(let place):
      let node = node(place)
      try compare { .node(Description(try real.attributes(of: node.number))) } _: { .node(Description(node)) }
    case .readLink(let place):
      let node = node(place)
      try compare { .bytes(try real.readLink(node.number)) } _: { .bytes(try model.readLink(node)) }
    case .setLimits(let size, let inodes):
      real.setLimits(size: size, inodes: inodes.map { $0 + UInt64(ballast.inodes) })
      (model.sizeLimit, model.inodeLimit) = (size, inodes)
    case .stale(let number):
      let number = InodeNumber(UInt64(number))
      let isBallast = real.inodes.contains(number.handle) && real.inodes[number.handle].mode.type == 0
      guard nodes[number.rawValue] == nil, !isBallast else { return }
      real.forget(number, count: 1)
      real.close(number, .cached)
      try compare { .node(Description(try real.attributes(of: number))) } _: { throw FileSystemError.stale }
      try compare { .bytes(try real.bytes(of: number, at: 0, count: 1, touching: true)) } _: { throw FileSystemError.stale }
    default: break
    }
  }

  private func runExtendedAttributes(_ operation: Operation) throws {
    let (real, model) = (fileSystem, reference)
    switch operation {
    case .setAttribute(let place, let name, let length, let flags, let caller):
      let node = node(place)
      let value = Array(repeating: UInt8(truncatingIfNeeded: steps), count: length)
      try compareStatus {
        try real.setAttribute(
          Pools.attributes[name], of: node.number, to: value, SetAttributeFlags(rawValue: flags), by: Pools.callers[caller])
      } _: {
        try model.setAttribute(name, of: node, to: value, flags: flags)
      }
    case .attribute(let place, let name):
      let node = node(place)
      try compare { .bytes(try real.attribute(Pools.attributes[name], of: node.number)) } _: {
        .bytes(try model.attribute(name, of: node))
      }
    case .attributeNames(let place, let caller):
      let node = node(place)
      try compare { .names(try real.attributeNames(of: node.number, by: Pools.callers[caller])) } _: {
        .names(Set(model.attributes(of: node, isPrivileged: Pools.callers[caller].uid == 0).keys))
      }
    case .removeAttribute(let place, let name):
      let node = node(place)
      try compareStatus { try real.removeAttribute(Pools.attributes[name], of: node.number) } _: {
        try model.removeAttribute(name, of: node)
      }
    case .setAccessList(let place, let isDefault, let choice, let caller):
      let node = node(place)
      let list = AccessListValue.choices[choice % AccessListValue.choices.count]
      let bytes = list?.bytes ?? AccessListValue.broken[choice / 7 % AccessListValue.broken.count]
      try compareStatus {
        try real.setAttribute(.accessList(isDefault: isDefault), of: node.number, to: bytes, [], by: Pools.callers[caller])
      } _: {
        try model.setAccessList(list, isDefault: isDefault, of: node, by: caller)
      }
    case .removeAccessList(let place, let isDefault):
      let node = node(place)
      try compareStatus { try real.removeAttribute(.accessList(isDefault: isDefault), of: node.number) } _: {
        model.removeAccessList(isDefault: isDefault, of: node)
      }
    default: break
    }
  }
}
