import Frames

@testable import FileSystem

/// One request of a random run. It names files by numbers that are valid in any state, so that a run without some of its operations is still
/// a run.
enum Operation {
  /// A place in the list of live directories, of regular files, or of all nodes; modulo their number.
  typealias Directory = Int
  typealias File = Int
  typealias AnyNode = Int
  /// A place in `Pools.names`, `Pools.attributes`, `Pools.callers`, `Pools.lists`.
  typealias Name = Int
  typealias AttributeChoice = Int
  typealias CallerChoice = Int
  typealias ListChoice = Int

  case lookUp(Directory, Name)
  case lookUpDot(AnyNode)
  case lookUpDotDot(AnyNode)
  case makeNode(Directory, Name, type: UInt32, permissions: UInt32, device: UInt32, CallerChoice)
  case makeDirectory(Directory, Name, permissions: UInt32, CallerChoice)
  case makeLink(Directory, Name, length: Int, CallerChoice)
  case makeUnnamed(Directory, permissions: UInt32, CallerChoice)
  case link(AnyNode, Directory, Name)
  case unlink(Directory, Name)
  case removeDirectory(Directory, Name)
  case rename(Directory, Name, to: Directory, Name, flags: UInt32, CallerChoice)
  case forget(AnyNode, count: UInt64)
  case read(File, offset: UInt64, count: Int, touching: Bool)
  case write(File, offset: UInt64, count: Int, CallerChoice)
  case truncate(File, size: UInt64, CallerChoice, isOpen: Bool)
  case setAttributes(AnyNode, AttributeChange, CallerChoice)
  case allocate(File, offset: UInt64, count: UInt64, mode: Int32, CallerChoice)
  case seek(File, SeekTarget, offset: UInt64)
  case open(AnyNode, OpenAccess, isStream: Bool, mixing: Bool, CallerChoice)
  case close(AnyNode, OpenKind)
  case attributes(AnyNode)
  case setFlags(AnyNode, FileFlags)
  case readLink(AnyNode)
  case setAttribute(AnyNode, AttributeChoice, length: Int, flags: Int32, CallerChoice)
  case attribute(AnyNode, AttributeChoice)
  case attributeNames(AnyNode, CallerChoice)
  case removeAttribute(AnyNode, AttributeChoice)
  case setAccessList(AnyNode, isDefault: Bool, ListChoice, CallerChoice)
  case removeAccessList(AnyNode, isDefault: Bool)
  /// Continues the listing of a directory, or starts one.
  case list(Directory, count: Int, referencing: Bool)
  case setLimits(size: UInt64?, inodes: UInt64?)
  /// A request to an inode that does not exist.
  case stale(UInt32)
}

/// The values that operations choose from.
enum Pools {
  // Never changed.
  nonisolated(unsafe) static let names: [FileName] = {
    var names: [[UInt8]] = (0..<10).map { Array("f\($0)".utf8) }
    names.append([0xff])
    names.append(Array("a name that takes more than one short piece".utf8))
    names.append(Array(repeating: UInt8(ascii: "x"), count: 26))
    names.append(Array(repeating: UInt8(ascii: "x"), count: 27))
    names.append(Array(repeating: 0x80, count: 251))
    names.append(Array(repeating: 0x01, count: 255))
    // Two pairs whose hashes are equal where the seed is 0.
    names += ["n2331996", "n3325157", "n1786440", "n20931223"].map { Array($0.utf8) }
    return names.map { try! FileName($0) }
  }()

  nonisolated(unsafe) static let attributes: [AttributeName] = [
    "user.a", "user.50996", "user.5176760", "user." + String(repeating: "n", count: 250), "trusted.t", "security.selinux",
    "security.capability",
  ].map { try! AttributeName(Array($0.utf8)) }

  nonisolated(unsafe) static let callers: [Caller] = [
    Caller(uid: 0, gid: 0, umask: 0o022), Caller(uid: 1000, gid: 100, groups: { [200, 300] }),
    Caller(uid: 1001, gid: 200, umask: 0o077),
  ]
  /// Each caller's groups, for the reference.
  static let groups: [Set<UInt32>] = [[0], [100, 200, 300], [200]]
}
