import Frames
import Platform

@testable import FileSystem

/// A file of the reference.
final class Node {
  /// Its inode in the file system, once an answer had it.
  var number = InodeNumber(0)
  var mode: UInt32
  var flags: FileFlags = []
  var uid: UInt32
  var gid: UInt32
  var device: UInt32 = 0
  var links: UInt32 = 0
  var lookups: UInt64 = 0
  var accessed: Time
  var modified: Time
  var changed: Time
  var size: UInt64 = 0
  /// Blocks that have a frame: their bytes, or none if they are only reserved.
  var blocks: [UInt64: [UInt8]] = [:]
  var target: [UInt8] = []
  /// By the name's place in the pool.
  var entries: [Int: Node] = [:]
  var parent: Node?
  /// By the name's place in the pool.
  var attributes: [Int: [UInt8]] = [:]
  var accessList: AccessListValue?
  var defaultList: AccessListValue?
  var cachedOpens = 0
  var directOpens = 0
  var isCacheOld = false
  /// It is an orphan that is not open, and its frames were taken.
  var isOrphan = false
  var isLost = false

  init(mode: UInt32, uid: UInt32, gid: UInt32, time: Time) {
    self.mode = mode
    self.uid = uid
    self.gid = gid
    (accessed, modified, changed) = (time, time, time)
  }

  var type: UInt32 { mode & 0o170000 }
  var isDirectory: Bool { type == 0o040000 }
  var isRegular: Bool { type == 0o100000 }
  var isLink: Bool { type == 0o120000 }
  var isAlive: Bool { links > 0 || lookups > 0 }
}

/// The expected result of stat(2).
struct Description: Equatable {
  let mode, links, uid, gid, device: UInt32
  let size, blocks: UInt64
  let accessed, modified, changed: Time

  init(_ node: Node) {
    (mode, links, uid, gid, device) = (node.mode, node.links, node.uid, node.gid, node.device)
    size = node.isDirectory ? UInt64(node.entries.count + 2) * 20 : node.size
    blocks = UInt64(node.blocks.count) * 8
    (accessed, modified, changed) = (node.accessed, node.modified, node.changed)
  }

  init(_ attributes: Attributes) {
    (mode, links, uid, gid) = (attributes.mode.rawValue, attributes.links, attributes.uid, attributes.gid)
    (device, size, blocks) = (attributes.device, attributes.size, attributes.blocks)
    (accessed, modified, changed) = (attributes.accessed, attributes.modified, attributes.changed)
  }
}

/// A planted fault of the reference, which the harness must find.
enum PlantedFault: CaseIterable {
  case punchLeavesLastBlock
  case renameKeepsChangeTime
  case setGroupSurvivesWrites
  case linksOfReplacedDirectory
}

/// A tmpfs in its simplest form, which has the expected answer to every request. It keeps files in dictionaries, without extents, slabs or
/// trees.
final class Reference {
  let root: Node
  /// All live nodes, the directories and the regular files among them, in order of creation.
  private(set) var nodes: [Node] = []
  private(set) var directories: [Node] = []
  private(set) var files: [Node] = []
  var time: Time
  /// It shrinks if frames fail.
  var totalFrames: UInt64
  var usedFrames: UInt64 = 0
  var sizeLimit: UInt64?
  var inodeLimit: UInt64?
  var fault: PlantedFault?

  init(frames: UInt64, time: Time) {
    totalFrames = frames
    self.time = time
    root = Node(mode: 0o041777, uid: 0, gid: 0, time: time)
    root.number = .root
    root.links = 2
    root.lookups = 1
    root.parent = root
    add(root)
  }

  // MARK: Nodes

  func add(_ node: Node) {
    nodes.append(node)
    if node.isDirectory { directories.append(node) }
    if node.isRegular { files.append(node) }
  }

  /// Forgets a node that can't be reached any more.
  func dropIfDead(_ node: Node) {
    guard !node.isAlive else { return }
    nodes.removeAll { $0 === node }
    if node.isDirectory { directories.removeAll { $0 === node } }
    if node.isRegular { files.removeAll { $0 === node } }
    usedFrames -= UInt64(node.blocks.count)
  }

  /// Called after a change of a node's links or opens.
  func noteUse(of node: Node) { node.isOrphan = node.links == 0 && node.cachedOpens + node.directOpens == 0 }

  func forget(_ node: Node, count: UInt64) {
    guard node !== root else { return }
    node.lookups -= min(count, node.lookups)
    dropIfDead(node)
  }

  // MARK: Space

  var frameLimit: UInt64 {
    guard let sizeLimit else { return totalFrames }
    return min(totalFrames, (sizeLimit + UInt64(frameSize) - 1) / UInt64(frameSize))
  }

  /// The number of frames that can still be taken.
  var availableFrames: UInt64 { min(totalFrames - usedFrames + orphanFrames, allowedFrames) }

  /// The number of frames that the limit still allows.
  var allowedFrames: UInt64 { frameLimit - min(frameLimit, usedFrames - orphanFrames) }

  private var orphanFrames: UInt64 { nodes.reduce(0) { $0 + ($1.isOrphan ? UInt64($1.blocks.count) : 0) } }

  /// Takes a frame, if necessary from an orphan. Returns false if there is none.
  func takeFrame() -> Bool {
    if sizeLimit != nil, allowedFrames == 0 { return false }
    if usedFrames >= totalFrames { for node in nodes where node.isOrphan && !node.blocks.isEmpty { lose(node) } }
    guard usedFrames < totalFrames else { return false }
    usedFrames += 1
    return true
  }

  /// Takes all frames of an orphan.
  func lose(_ node: Node) {
    usedFrames -= UInt64(node.blocks.count)
    node.blocks = [:]
    node.isLost = true
  }

  /// Inodes in use, counted as tmpfs does: without orphans, and one for each further name of a file.
  var usedInodes: UInt64 {
    nodes.reduce(0) { sum, node in
      sum + (node.isOrphan ? 0 : 1) + (!node.isDirectory && node.links > 1 ? UInt64(node.links) - 1 : 0)
    }
  }

  func checkInodes() throws {
    if let inodeLimit, usedInodes >= inodeLimit { throw FileSystemError.noSpace }
  }

  // MARK: What happens by itself

  /// The data of a file changed.
  func noteChange(_ node: Node, by caller: Int) {
    node.modified = time
    node.changed = time
    takePrivileges(from: node, for: caller)
  }

  func takePrivileges(from node: Node, for caller: Int) {
    node.attributes[6] = nil
    guard Pools.callers[caller].uid != 0 else { return }
    node.mode &= ~0o4000
    let isMember = Pools.groups[caller].contains(node.gid)
    if node.mode & 0o010 != 0 || !isMember, fault != .setGroupSurvivesWrites { node.mode &= ~0o2000 }
  }

  /// relatime: sets the access time if it is not after the others, or a day old.
  func noteAccess(_ node: Node) {
    if node.flags.contains(.noAccessTime) { return }
    if node.accessed <= node.modified || node.accessed <= node.changed || time.seconds - node.accessed.seconds >= 86400 {
      node.accessed = time
    }
  }

  // MARK: Opening

  func open(_ node: Node, for access: OpenAccess, isStream: Bool, mixing: Bool, by caller: Int) throws -> OpenKind {
    if node.isLost { throw FileSystemError.stale }
    let (truncating, isWrite) = (access.contains(.truncating), access.contains(.writing))
    if node.flags.contains(.immutable), isWrite || truncating { throw FileSystemError.notPermitted }
    if node.flags.contains(.append), truncating || isWrite && !access.contains(.appending) { throw FileSystemError.notPermitted }
    if truncating { try truncate(node, to: 0, by: caller, isOpen: true) }
    guard node.isRegular else { return .cached }
    defer { noteUse(of: node) }
    if mixing ? isStream : node.directOpens > 0 || (isStream && node.cachedOpens == 0) {
      node.directOpens += 1
      node.isCacheOld = true
      return .direct
    }
    node.cachedOpens += 1
    defer { if !access.contains(.asking) { node.isCacheOld = false } }
    return node.isCacheOld ? .cachedAnew : .cached
  }

  func close(_ node: Node, _ kind: OpenKind) {
    guard node.isRegular else { return }
    if kind == .direct { node.directOpens = max(0, node.directOpens - 1) } else { node.cachedOpens = max(0, node.cachedOpens - 1) }
    noteUse(of: node)
  }
}
