@testable import FileSystem

/// Compares requests about data and space.
extension Harness {
  func runData(_ operation: Operation) throws {
    let (real, model) = (fileSystem, reference)
    switch operation {
    case .read(let place, let offset, let count, let touching):
      guard let file = file(place) else { return }
      try compare {
        .bytes(try real.bytes(of: file.number, at: offset, count: count, touching: touching))
      } _: {
        .bytes(model.read(file, at: offset, count: count, touching: touching))
      }
      // Access is noted before the first byte is read.
      if wasRefused, touching { model.noteAccess(file) }
    case .write(let place, let offset, let count, let caller):
      guard let file = growingFile(place) else { return }
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
      guard let file = growingFile(place) else { return }
      try allocate(file, offset, count, mode, caller)
    case .seek(let place, let target, let offset):
      guard let file = file(place) else { return }
      try compare {
        .position(try real.seek(target, in: file.number, from: offset))
      } _: {
        .position(try model.seek(target, in: file, from: offset))
      }
    case .open(let place, let access, let isStream, let mixing, let caller):
      let node = node(place)
      try compare {
        .kind(try real.open(node.number, for: access, isStream: isStream, mixing: mixing, by: Pools.callers[caller]))
      } _: {
        .kind(try model.open(node, for: access, isStream: isStream, mixing: mixing, by: caller))
      }
    case .close(let place, let kind):
      let node = node(place)
      real.close(node.number, kind)
      model.close(node, kind)
    default: break
    }
  }

  /// A file that may take frames. The kernel adds data to no file that is not open; an orphan that an injected failure makes lose its own
  /// frames for those that it asks for is not worth a model.
  private func growingFile(_ place: Int) -> Node? {
    guard let file = file(place), injection == nil || !file.isOrphan else { return nil }
    return file
  }

  /// A write that an injected failure cut short must have written the bytes that it reports, and no more.
  private func write(_ file: Node, _ offset: UInt64, _ bytes: [UInt8], _ caller: Int) throws {
    let wasArmed = injection != nil
    let actual = runInjecting { .count(try fileSystem.write(bytes, to: file.number, at: offset, by: Pools.callers[caller])) }
    if wasRefused {
      // As in tmpfs, the times and the mode change before the first byte is written.
      return reference.noteChange(file, by: caller)
    }
    var bytes = bytes
    if wasArmed, injection == nil, case .count(let count) = actual { bytes = Array(bytes[0..<count]) }
    let expected = Outcome { .count(try reference.write(file, at: offset, bytes, by: caller)) }
    guard actual == expected else { throw fail("answered \(actual) instead of \(expected)") }
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
    // As in tmpfs, of what was reserved before in the part of the range that had been reached some is data, and the rest goes.
    let handle = file.number.handle
    reference.makeData(of: file) { fileSystem.extents.extent(of: handle, at: $0)?.isReserved == false }
    let left = Int(fileSystem.inodes[file.number.handle].frames)
    reference.loseReserved(of: file, at: offset, count: count, until: left)
    // A hole that could not be made has perhaps its first edge.
    if AllocateMode(rawValue: mode).contains(.punchHole), frames.writes > writes { reference.clear(file, from: offset, to: offset + count) }
  }
}
