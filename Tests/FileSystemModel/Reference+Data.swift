import Frames

@testable import FileSystem

/// Data and space in the reference.
extension Reference {
  private static var blockSize: UInt64 { UInt64(frameSize) }
  static var mostBytes: UInt64 { UInt64(Int64.max) }

  func read(_ node: Node, at offset: UInt64, count: Int, touching: Bool) -> [UInt8] {
    guard offset < node.size else { return [] }
    if touching { noteAccess(node) }
    let count = Int(min(UInt64(count), node.size - offset))
    var result = [UInt8](repeating: 0, count: count)
    forEachBlock(at: offset, count: count) { block, inner, part in
      guard let bytes = node.blocks[block], !bytes.isEmpty else { return true }
      copy(bytes, inner..<inner + part.count, to: &result, at: part.lowerBound)
      return true
    }
    return result
  }

  /// Splits a range of bytes at block boundaries: each block, the offset of the part in it, and the part of the range.
  private func forEachBlock(at offset: UInt64, count: Int, _ body: (UInt64, Int, Range<Int>) -> Bool) {
    var done = 0
    while done < count {
      let inner = Int((offset + UInt64(done)) % Self.blockSize)
      let part = min(count - done, frameSize - inner)
      guard body((offset + UInt64(done)) / Self.blockSize, inner, done..<done + part) else { return }
      done += part
    }
  }

  /// Writes, and returns the number of bytes.
  func write(_ node: Node, at offset: UInt64, _ bytes: [UInt8], by caller: Int) throws -> Int {
    if bytes.isEmpty { return 0 }
    guard offset <= Self.mostBytes - UInt64(bytes.count) else { throw FileSystemError.tooLarge }
    noteChange(node, by: caller)
    var done = 0
    forEachBlock(at: offset, count: bytes.count) { block, inner, part in
      if node.blocks[block] == nil {
        guard takeFrame() else { return false }
      }
      var content = node.blocks.removeValue(forKey: block) ?? []
      if content.isEmpty { content = [UInt8](repeating: 0, count: frameSize) }
      copy(bytes, part, to: &content, at: inner)
      node.blocks[block] = content
      done = part.upperBound
      return true
    }
    if done == 0 { throw FileSystemError.noSpace }
    node.size = max(node.size, offset + UInt64(done))
    return done
  }

  // MARK: Space

  func truncate(_ node: Node, to size: UInt64, by caller: Int, isOpen: Bool) throws {
    if node.flags.contains(.append) || node.flags.contains(.immutable) && !isOpen { throw FileSystemError.notPermitted }
    if node.isDirectory { throw FileSystemError.isDirectory }
    guard node.isRegular else { throw FileSystemError.invalid }
    guard size <= Self.mostBytes else { throw FileSystemError.tooLarge }
    let isChange = size != node.size || !node.blocks.isEmpty || isOpen
    if size <= node.size {
      remove(node) { $0 * Self.blockSize >= size }
      clear(node, from: size, to: UInt64.max)
    }
    node.size = size
    if isChange { noteChange(node, by: caller) }
    takePrivileges(from: node, for: caller)
  }

  private func remove(_ node: Node, where isGone: (UInt64) -> Bool) {
    for block in node.blocks.keys where isGone(block) { release(block, of: node) }
  }

  private func release(_ block: UInt64, of node: Node) {
    node.blocks[block] = nil
    usedFrames -= 1
  }

  /// Sets a part of one block to zeros.
  func clear(_ node: Node, from start: UInt64, to end: UInt64) {
    let block = start / Self.blockSize
    guard start < end, var bytes = node.blocks.removeValue(forKey: block) else { return }
    let last = Int(min(end - block * Self.blockSize, Self.blockSize))
    if !bytes.isEmpty {
      for index in Int(start % Self.blockSize)..<last { bytes[index] = 0 }
    }
    node.blocks[block] = bytes
  }

  func allocate(_ node: Node, at offset: UInt64, count: UInt64, mode: Int32, by caller: Int) throws {
    if node.flags.contains(.immutable) || node.flags.contains(.append) && mode > 1 { throw FileSystemError.notPermitted }
    guard [0, 1, 3].contains(mode) else { throw FileSystemError.unsupported }
    guard count > 0 else { throw FileSystemError.invalid }
    guard offset <= Self.mostBytes, count <= Self.mostBytes - offset else { throw FileSystemError.tooLarge }
    if mode == 3 { punch(node, offset, offset + count) } else { try reserve(node, offset, offset + count) }
    if mode == 0 { node.size = max(node.size, offset + count) }
    noteChange(node, by: caller)
  }

  private func punch(_ node: Node, _ start: UInt64, _ end: UInt64) {
    let first = start / Self.blockSize
    let last = (end - 1) / Self.blockSize
    if start % Self.blockSize > 0 { clear(node, from: start, to: end) }
    if end % Self.blockSize > 0, last > first || start % Self.blockSize == 0 {
      clear(node, from: max(start, last * Self.blockSize), to: end)
    }
    let lastWhole = fault == .punchLeavesLastBlock ? end - 1 : end
    remove(node) { block in block * Self.blockSize >= start && (block + 1) * Self.blockSize <= lastWhole }
  }

  private func reserve(_ node: Node, _ start: UInt64, _ end: UInt64) throws {
    let range = start / Self.blockSize..<(end - 1) / Self.blockSize + 1
    guard UInt64(range.count) <= frameLimit else { throw FileSystemError.noSpace }
    for block in range {
      if let content = node.blocks[block] {
        // A block that is reserved a second time becomes data, as in tmpfs.
        if content.isEmpty { node.blocks[block] = [UInt8](repeating: 0, count: frameSize) }
      } else if takeFrame() {
        node.blocks[block] = []
      } else {
        remove(node) { $0 >= range.lowerBound && $0 < block && node.blocks[$0]! == [] }
        throw FileSystemError.noSpace
      }
    }
  }

  /// Turns reserved blocks into zeros.
  func makeData(of node: Node, where isData: (UInt64) -> Bool) {
    for (block, content) in node.blocks where content.isEmpty && isData(block) {
      node.blocks[block] = [UInt8](repeating: 0, count: frameSize)
    }
  }

  /// Loses the first reserved blocks of a range so that only this number of blocks stays, as a failure half-way does.
  func loseReserved(of node: Node, at offset: UInt64, count: UInt64, until left: Int) {
    let range = offset / Self.blockSize..<(offset + count - 1) / Self.blockSize + 1
    for block in node.blocks.keys.sorted() where range.contains(block) && node.blocks[block]! == [] && node.blocks.count > left {
      release(block, of: node)
    }
  }

  func seek(_ target: SeekTarget, in node: Node, from offset: UInt64) throws -> UInt64 {
    guard offset < node.size else { throw FileSystemError.noData }
    let first = offset / Self.blockSize
    func isData(_ block: UInt64) -> Bool { node.blocks[block].map { !$0.isEmpty } ?? false }
    switch target {
    case .data:
      guard let block = node.blocks.keys.filter({ $0 >= first && isData($0) }).min(), block * Self.blockSize < node.size
      else { throw FileSystemError.noData }
      return max(offset, block * Self.blockSize)
    case .hole:
      var block = first
      while isData(block) { block += 1 }
      return min(node.size, max(offset, block * Self.blockSize))
    }
  }
}

/// Copies a part of an array into another. In a debug build this is faster than slices.
private func copy(_ source: [UInt8], _ range: Range<Int>, to target: inout [UInt8], at place: Int) {
  target.withUnsafeMutableBytes { target in
    source.withUnsafeBytes { source in
      UnsafeMutableRawBufferPointer(rebasing: target[place..<place + range.count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[range]))
    }
  }
}
