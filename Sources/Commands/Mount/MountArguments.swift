import CrashedKernel
import FuseServer
import OldMemory
import Platform

/// The arguments of `oldmemfs SOURCE DIR [-o OPTIONS] [-f]`.
final class MountArguments {
  var source = Text()
  var directory = Text()
  var foreground = false
  var size: Size?
  var inodes: UInt64?
  var mode: UInt32 = 0o1777
  var uid: UInt32 = 0
  var gid: UInt32 = 0
  let memory = MemoryArguments()
  /// Whether all data are checked while nobody asks for anything.
  var scrubs = true
  /// The options that the kernel itself applies.
  var flags = MountFlags()
  /// SOURCE is a file that may not be written, mounted `ro`.
  var isReadOnlyFile = false
  /// The options that were given, a bit each (`Option.bit`).
  private var given: UInt64 = 0
  /// Options of tmpfs without a meaning here, separated by commas.
  private var meaningless = Text()

  /// Whether to change a mount rather than to make one.
  var isRemount: Bool { has(.remount) }

  func has(_ option: Option) -> Bool { given & option.bit != 0 }

  /// Parses the words.
  init(_ words: [Text]) throws(Failure) {
    let parsed = try OptionParser.parse(words)
    for option in parsed.options { try take(option) }
    let operands = parsed.operands
    guard operands.count == 2 else { throw operands.count < 2 ? Failure(usage: "a SOURCE and a DIR are needed") : .unexpected(operands[2]) }
    source = MemorySource.meant(by: operands[0])
    directory = operands[1]
    if !isRemount { try checkSource() }
    if !meaningless.bytes.isEmpty { Log.line(Text("% is ignored: it means something to a tmpfs only", meaningless)) }
  }

  /// Checks that the options go with the source. Scratch memory has no size of its own.
  private func checkSource() throws(Failure) {
    guard MemorySource.isScratch(source) else {
      if has(.vmcore), !(source == "oldmem") { throw Failure(usage: "vmcore= goes with the source 'oldmem', not with '%'", source) }
      return
    }
    for option in Option.allCases where option.isOfOldMemory && has(option) {
      throw Failure(usage: "% means nothing to scratch memory", Text(option.name))
    }
    guard case .absolute(let bytes)? = size, bytes >= 4096 else {
      throw Failure(usage: "scratch memory needs -o size=N[k|m|g], at least a page")
    }
  }

  /// The value of an option that a remount can't change, as a number to compare.
  func number(of option: Option) -> UInt64 {
    switch option {
    case .mode: return UInt64(mode)
    case .uid: return UInt64(uid)
    case .gid: return UInt64(gid)
    case .level: return UInt64(memory.level ?? 32)
    case .reuse: return UInt64(memory.reuse?.rawValue ?? 32)
    case .store: return memory.way.map { UInt64($0.rawValue) + 1 } ?? 0
    case .vmcore: return Self.number(of: memory.vmcore)
    case .device: return Self.number(of: memory.device)
    case .overwrite: return memory.overwrite ? 1 : 0
    case .nochecksum, .checksum: return memory.checksums ? 1 : 0
    case .noscrub: return scrubs ? 1 : 0
    case .size, .blocks, .inodes, .remount: return 0
    }
  }

  private static func number(of path: Text?) -> UInt64 {
    guard let path else { return UInt64.max }
    return path.bytes.withUnsafeBytes { UInt64(Checksum(of: $0).rawValue) }
  }

  private func take(_ word: Text) throws(Failure) {
    if word == "f" {
      foreground = true
    } else if let option = try GivenOption(word) {
      given |= option.option.bit
      if try !memory.take(option) { try take(option) }
    } else if word.isWord(of: "huge= mpol= inode32 inode64 noswap") {
      meaningless.append(meaningless.bytes.isEmpty ? "%" : ",%", word)
    } else if word == "mand" {
      throw Failure(usage: "'mand' is not possible: FUSE has no mandatory locks, and Linux has none since 5.15")
    } else if !flags.take(word), !Self.isForOthers(word) {
      throw .unknown(word)
    }
  }

  private func take(_ given: GivenOption) throws(Failure) {
    let id = UInt64(UInt32.max) - 1
    switch given.option {
    case .size:
      guard let parsed = Size(given.value) else { throw given.badValue }
      size = parsed
    case .blocks:
      guard case .absolute(let count)? = Size(given.value), count <= UInt64.max / 4096 else { throw given.badValue }
      size = .absolute(count * 4096)
    case .inodes:
      guard case .absolute(let count)? = Size(given.value) else { throw given.badValue }
      inodes = count
    case .mode: mode = UInt32(try given.number(upTo: 0o7777, radix: 8))
    case .uid: uid = UInt32(try given.number(upTo: id))
    case .gid: gid = UInt32(try given.number(upTo: id))
    case .noscrub: scrubs = false
    default: break
    }
  }

  /// Whether a word is silently accepted: an option that only mount(8) or fstab(5) uses, one that always holds here, or one that
  /// /proc/mounts shows of a FUSE mount (mount(8) passes these on to a remount).
  private static func isForOthers(_ word: Text) -> Bool {
    word.isWord(
      of: """
        defaults auto noauto user user= nouser users nousers owner noowner group nogroup _netdev nofail x- X- comment= uhelper= helper= \
        allow_other default_permissions subtype= user_id= group_id= rootmode= max_read= blksize=
        """)
  }
}

/// The options about old memory, which `mount` and `scan` share.
final class MemoryArguments {
  var level: UInt32?
  var reuse: DumpLevel?
  var way: StoreWay?
  var vmcore: Text?
  var device: Text?
  /// Whether a file, such as a saved vmcore, may be overwritten.
  var overwrite = false
  var checksums = true

  /// Takes an option. Returns false if it is none of these.
  @inline(never)
  func take(_ given: GivenOption) throws(Failure) -> Bool {
    switch given.option {
    case .level: level = UInt32(try given.number(upTo: 31))
    case .reuse: guard take(reuse: given.value) else { throw given.badValue }
    case .store:
      guard let chosen = StoreWay.allCases.first(where: { given.value == $0.word }) else { throw given.badValue }
      way = chosen
    case .vmcore: vmcore = given.value
    case .device: device = given.value
    case .overwrite: overwrite = true
    case .nochecksum: checksums = false
    case .checksum: checksums = true
    default: return false
    }
    return true
  }

  /// Takes a word of a command that only chooses pages: `level=` or `reuse=`.
  func takeChoice(_ word: Text) throws(Failure) {
    guard let given = try GivenOption(word), given.option == .level || given.option == .reuse, try take(given) else { throw .unknown(word) }
  }
}

/// The usual errors of a command line.
extension Failure {
  static func unexpected(_ word: Text) -> Failure { Failure(usage: "unexpected word '%'", word) }
  static func unknown(_ option: Text) -> Failure { Failure(usage: "unknown option '%'", option) }
}
