import Platform

/// The options that mean something here: the one place for the parser, its messages and the manual.
enum Option: UInt64, CaseIterable {
  case size, blocks, inodes, mode, uid, gid, remount
  case level, reuse, store, vmcore, device, overwrite, nochecksum, checksum

  /// The name; "=" at its end stands for a value.
  var name: Literal {
    switch self {
    case .size: return "size="
    case .blocks: return "nr_blocks="
    case .inodes: return "nr_inodes="
    case .mode: return "mode="
    case .uid: return "uid="
    case .gid: return "gid="
    case .remount: return "remount"
    case .level: return "level="
    case .reuse: return "reuse="
    case .store: return "store="
    case .vmcore: return "vmcore="
    case .device: return "devmem="
    case .overwrite: return "overwrite"
    case .nochecksum: return "nochecksum"
    case .checksum: return "checksum"
    }
  }

  /// What a value may be.
  var values: Literal {
    switch self {
    case .size: return "N[k|m|g|t|p|e|%]"
    case .blocks, .inodes: return "N[k|m|g|t|p|e]"
    case .mode: return "OCTAL, up to 7777"
    case .uid, .gid: return "N, up to 4294967294"
    case .level: return "N, up to 31"
    case .reuse: return "free|cache|user"
    case .store: return "devmem|vmcore"
    case .vmcore, .device: return "FILE"
    case .remount, .overwrite, .nochecksum, .checksum: return ""
    }
  }

  /// What it does, for the manual.
  var help: Literal {
    switch self {
    case .size: return "the most that file data may take; % of all reusable pages (default: all of them)"
    case .blocks: return "the same in pages of 4 KiB"
    case .inodes: return "the most inodes (default: no limit but the metadata's memory)"
    case .mode: return "of the root directory (default 1777)"
    case .uid, .gid: return "of the root directory (default 0)"
    case .remount: return "change size=, nr_inodes=, ro, noatime, … of what is mounted"
    case .level: return "makedumpfile's dump level (-d): what the dump leaves out may be used (default: what the image was built for)"
    case .reuse: return "how far to go: free pages, page cache too, pages of processes too"
    case .store: return "how pages are written (default: what works, /dev/mem first)"
    case .vmcore: return "read this in place of /proc/vmcore"
    case .device: return "write through this in place of /dev/mem"
    case .overwrite: return "let the pages of a saved vmcore, or of another file, be overwritten"
    case .nochecksum: return "don't check what is read against the checksum of what was written"
    case .checksum: return "do (the default)"
    }
  }

  /// Whether it stays as it is mounted.
  var isFixed: Bool {
    switch self {
    case .size, .blocks, .inodes, .remount: return false
    default: return true
    }
  }

  /// Whether it is of the root directory.
  var isOfRoot: Bool { self == .mode || self == .uid || self == .gid }

  /// Whether it is of old memory, which scratch memory is not.
  var isOfOldMemory: Bool {
    switch self {
    case .level, .reuse, .store, .vmcore, .device, .overwrite: return true
    default: return false
    }
  }

  /// Whether a value belongs to it.
  var isValued: Bool { name.bytes.last == UInt8(ascii: "=") }

  var bit: UInt64 { 1 << rawValue }
}

/// An option as it was given.
struct GivenOption {
  let option: Option
  let word: Text
  let value: Text

  /// nil for a word that is none of the options; an error for one whose value is missing.
  init?(_ word: Text) throws(Failure) {
    for option in Option.allCases {
      let name = option.name
      guard option.isValued ? word.hasPrefix(name) || Text("%=", word) == name : word == name else { continue }
      self.option = option
      self.word = word
      value = word.dropping(name.count)
      if option.isValued, value.bytes.isEmpty { throw bad("'%' lacks its value") }
      return
    }
    return nil
  }

  /// What is wrong with it, and what would be right.
  @inline(never)
  private func bad(_ what: Literal) -> Failure {
    var text = Text(what, word)
    text.append("; it is %%", Text(option.name), Text(option.values))
    return Failure(usage: "%", text)
  }

  var badValue: Failure { bad("the value in '%' makes no sense") }

  /// Its value as a number.
  func number(upTo limit: UInt64, radix: UInt64 = 10) throws(Failure) -> UInt64 {
    guard let number = value.number(radix: radix), number <= limit else { throw badValue }
    return number
  }
}
