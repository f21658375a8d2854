import Frames
import Platform

@testable import FileSystem

/// The faults of a structure.
struct Findings {
  private(set) var list: [String] = []

  mutating func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
    if !holds, list.count < 20 { list.append(what()) }
  }

  mutating func equal<Value: Equatable>(_ value: Value, _ expected: Value, _ what: @autoclosure () -> String) {
    expect(value == expected, "\(what()): \(value) instead of \(expected)")
  }

  mutating func append(_ others: [String]) { list.append(contentsOf: others) }
}

/// Records that a test has added to the slabs.
struct Ballast {
  var inodes = 0
  var extentNodes = 0
  var entryNodes = 0
  var attributeNodes = 0
  var shortPieces = 0
  var longPieces = 0
}

/// Checks all invariants of a file system that hold between two requests.
struct InvariantsChecker {
  private let fileSystem: FileSystem<TestStore>
  private let ballast: Ballast
  private var findings = Findings()
  private var live: [UInt32] = []
  private var namesOf: [UInt32: UInt32] = [:]
  private var subdirectories: [UInt32: UInt32] = [:]
  private var entriesOf: [UInt32: UInt32] = [:]
  private var pieces = Ballast()

  private init(_ fileSystem: FileSystem<TestStore>, _ ballast: Ballast) {
    self.fileSystem = fileSystem
    self.ballast = ballast
  }

  /// A line for each fault.
  static func check(_ fileSystem: FileSystem<TestStore>, ballast: Ballast = Ballast()) -> [String] {
    var checker = InvariantsChecker(fileSystem, ballast)
    checker.checkInodes()
    checker.checkEntries()
    checker.checkLinks()
    checker.checkTree()
    checker.checkExtents()
    checker.checkAttributes()
    checker.checkMemory()
    checker.findings.append(fileSystem.store.frames.violations)
    return checker.findings.list
  }

  private mutating func checkInodes() {
    for handle in fileSystem.inodes.handles where fileSystem.inodes.contains(handle) {
      // Ballast has no type.
      if fileSystem.inodes[handle].mode.type != 0 { live.append(handle) }
    }
    findings.equal(live.count + ballast.inodes, fileSystem.inodes.count, "inodes in use")
    for handle in live where fileSystem.inodes[handle].mode.isLink {
      count(fileSystem.inodes[handle].target)
      let length = fileSystem.blobs.bytes(of: fileSystem.inodes[handle].target).count
      findings.equal(UInt64(length), fileSystem.inodes[handle].size, "size of symlink \(handle)")
    }
  }

  private func isLive(_ handle: UInt32) -> Bool {
    fileSystem.inodes.contains(handle)
  }

  /// Counts the pieces of a blob.
  private mutating func count(_ blob: BlobHandle) {
    let length = fileSystem.blobs.bytes(of: blob).count
    findings.equal(blob.rawValue == 0, length == 0, "an empty blob has no pieces")
    findings.equal(blob.isLong, length > ShortPiece.capacity, "kind of pieces for \(length) bytes")
    if blob.isLong {
      pieces.longPieces += (length + LongPiece.capacity - 1) / LongPiece.capacity
    } else if length > 0 {
      pieces.shortPieces += 1
    }
  }

  // MARK: Names

  private mutating func checkEntries() {
    for entry in fileSystem.entries.mapForTests.all {
      let found = NamedEntry(entry)
      let directory = entry.key.owner
      count(found.name)
      guard isLive(directory), fileSystem.inodes[directory].mode.isDirectory else {
        findings.expect(false, "an entry belongs to \(directory), which is no live directory")
        continue
      }
      findings.expect(fileSystem.inodes[directory].links > 0, "removed directory \(directory) has an entry")
      guard isLive(found.child) else {
        findings.expect(false, "an entry of \(directory) names \(found.child), which is not live")
        continue
      }
      entriesOf[directory, default: 0] += 1
      namesOf[found.child, default: 0] += 1
      if fileSystem.inodes[found.child].mode.isDirectory {
        subdirectories[directory, default: 0] += 1
        findings.equal(fileSystem.inodes[found.child].parent, directory, "parent of directory \(found.child)")
      }
      guard let name = try? FileName(fileSystem.blobs.bytes(of: found.name)) else {
        findings.expect(false, "an entry of \(directory) has a name that is none")
        continue
      }
      findings.equal(fileSystem.find(name, in: directory)?.key, entry.key, "place at which an entry of \(directory) is found")
    }
  }

  private mutating func checkLinks() {
    var further: UInt64 = 0
    for handle in live {
      let inode = fileSystem.inodes[handle]
      let names = namesOf[handle] ?? 0
      if inode.mode.isDirectory {
        let isRoot = handle == InodeNumber.root.handle
        findings.expect(names <= 1 && !(isRoot && names > 0), "directory \(handle) has \(names) names")
        let links = names > 0 || isRoot ? 2 + (subdirectories[handle] ?? 0) : 0
        findings.equal(inode.links, links, "links of directory \(handle)")
        findings.equal(inode.entries, entriesOf[handle] ?? 0, "entries of directory \(handle)")
      } else {
        findings.equal(inode.links, names, "links of file \(handle)")
        if names > 1 { further += UInt64(names) - 1 }
      }
    }
    findings.equal(fileSystem.inodes.furtherLinks, further, "names beyond each file's first")
  }

  /// The parents of every directory with a name lead to the root.
  private mutating func checkTree() {
    for handle in live where fileSystem.inodes[handle].mode.isDirectory && fileSystem.inodes[handle].links > 0 {
      var ancestor = handle
      var steps = 0
      while ancestor != InodeNumber.root.handle, steps <= live.count, isLive(ancestor) {
        ancestor = fileSystem.inodes[ancestor].parent
        steps += 1
      }
      findings.equal(ancestor, InodeNumber.root.handle, "the top of the tree above \(handle)")
    }
  }

  // MARK: Data

  private mutating func checkExtents() {
    let frames = fileSystem.store.frames
    var owners = [UInt32](repeating: 0, count: frames.count)
    var framesOf: [UInt32: UInt64] = [:]
    var last: (owner: UInt32, extent: Extent)?
    for entry in fileSystem.extents.mapForTests.all {
      let extent = Extent(entry)
      let owner = entry.key.owner
      guard isLive(owner), fileSystem.inodes[owner].mode.isRegular, extent.count > 0 else {
        findings.expect(false, "an extent belongs to \(owner), which is no live file, or is empty")
        continue
      }
      if let last, last.owner == owner {
        findings.expect(last.extent.end <= extent.block, "extents of \(owner) overlap at \(extent.block)")
        findings.expect(!last.extent.isContinued(by: extent), "extents of \(owner) are not joined at \(extent.block)")
      }
      last = (owner, extent)
      framesOf[owner, default: 0] += UInt64(extent.count)
      for index in 0..<extent.count {
        let frame = Int((extent.frame + index).rawValue)
        findings.equal(owners[frame], 0, "owner of frame \(frame) beside \(owner)")
        owners[frame] = owner
      }
      checkEnd(of: owner, extent)
    }
    for frame in 0..<frames.count { findings.equal(frames.isOwned(frame), owners[frame] != 0, "whether frame \(frame) is in use") }
    for handle in live { findings.equal(fileSystem.inodes[handle].frames, framesOf[handle] ?? 0, "frames of \(handle)") }
    let used = framesOf.values.reduce(0, +)
    findings.equal(fileSystem.inodes.usedFrames + fileSystem.inodes.orphanFrames, used, "frames in use")
    let orphans = live.filter { fileSystem.inodes[$0].isOrphan }
    findings.equal(fileSystem.inodes.orphanFrames, orphans.reduce(0) { $0 + fileSystem.inodes[$1].frames }, "frames of orphans")
    findings.equal(fileSystem.inodes.orphans, UInt64(orphans.count), "orphans")
    for handle in orphans { findings.equal(fileSystem.inodes[handle].links, 0, "links of orphan \(handle)") }
    let retired = (0..<frames.count).count { frames.isRetired($0) }
    findings.equal(frames.retired, retired, "frames that are retired")
    findings.equal(fileSystem.store.totalFrames, UInt64(frames.count - retired), "frames that there are")
    findings.equal(fileSystem.store.freeFrames, UInt64(frames.count - retired) - used, "frames that are free")
    findings.expect(frames.failed.allSatisfy { frames.isOwned($0) }, "a frame that failed is in nobody's hands")
  }

  /// The bytes beyond a file's end, in its last frames, are zeros.
  private mutating func checkEnd(of owner: UInt32, _ extent: Extent) {
    guard !extent.isReserved else { return }
    let size = fileSystem.inodes[owner].size
    let blockSize = UInt64(frameSize)
    var bytes = [UInt8](repeating: 1, count: frameSize)
    for block in extent.blocks where (block + 1) * blockSize > size {
      let inner = size > block * blockSize ? Int(size - block * blockSize) : 0
      bytes.withUnsafeMutableBytes { try? fileSystem.store.read(extent.frame(of: block), at: 0, into: $0) }
      findings.expect(bytes[inner...].allSatisfy { $0 == 0 }, "there are bytes beyond the end of \(owner)")
    }
  }

  // MARK: Attributes and memory

  private mutating func checkAttributes() {
    var owners: Set<UInt32> = []
    for entry in fileSystem.attributes.mapForTests.all {
      let attribute = NamedEntry(entry)
      count(attribute.name)
      count(attribute.value)
      findings.expect(isLive(entry.key.owner), "an attribute belongs to \(entry.key.owner), which is not live")
      owners.insert(entry.key.owner)
      guard let name = try? AttributeName(fileSystem.blobs.bytes(of: attribute.name)) else {
        findings.expect(false, "an attribute of \(entry.key.owner) has a name that is none")
        continue
      }
      findings.equal(fileSystem.find(name, of: entry.key.owner)?.key, entry.key, "place at which an attribute is found")
    }
    for handle in live {
      findings.equal(fileSystem.inodes[handle].hasAttributes, owners.contains(handle), "whether \(handle) has attributes")
    }
  }

  private mutating func checkMemory() {
    findings.append(fileSystem.extents.mapForTests.findings(ballast: ballast.extentNodes).map { "extents: " + $0 })
    findings.append(fileSystem.entries.mapForTests.findings(ballast: ballast.entryNodes).map { "entries: " + $0 })
    findings.append(fileSystem.attributes.mapForTests.findings(ballast: ballast.attributeNodes).map { "attributes: " + $0 })
    findings.equal(fileSystem.blobs.shortForTests.count, pieces.shortPieces + ballast.shortPieces, "short pieces")
    findings.equal(fileSystem.blobs.longForTests.count, pieces.longPieces + ballast.longPieces, "long pieces")
    let committed =
      fileSystem.inodes.committedBytes + fileSystem.extents.mapForTests.nodes.committedBytes
      + fileSystem.entries.mapForTests.nodes.committedBytes
      + fileSystem.attributes.mapForTests.nodes.committedBytes + fileSystem.blobs.shortForTests.committedBytes
      + fileSystem.blobs.longForTests.committedBytes
    findings.equal(fileSystem.metadataBytes, committed, "bytes of metadata")
  }
}
