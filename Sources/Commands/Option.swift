import Platform

/// The mount options, for the parser, its messages and the manual.
enum Option: UInt64, CaseIterable {
  case size, blocks, inodes, mode, uid, gid, remount
  case level, reuse, store, vmcore, device, overwrite, nochecksum, checksum, noscrub

  /// The name, with "=" at its end if it takes a value.
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
    case .noscrub: return "noscrub"
    }
  }

  /// The form of its value.
  var values: Literal {
    switch self {
    case .size: return "N[k|m|g|t|p|e|%]"
    case .blocks, .inodes: return "N[k|m|g|t|p|e]"
    case .mode: return "OCTAL, up to 7777"
    case .uid, .gid: return "N, up to 4294967294"
    case .level: return "N, up to 31"
    case .reuse: return "free|cache|user"
    case .store: return "devmem|dax|vmcore"
    case .vmcore, .device: return "FILE"
    case .remount, .overwrite, .nochecksum, .checksum, .noscrub: return ""
    }
  }

  /// Its line in the manual.
  var help: Literal {
    switch self {
    case .size: return "the limit of file data; % is of all reusable pages (default: all of them)"
    case .blocks: return "the same in pages of 4 KiB"
    case .inodes: return "the limit of inodes (default: the memory for metadata)"
    case .mode: return "of the root directory (default 1777)"
    case .uid, .gid: return "of the root directory (default 0)"
    case .remount: return "change size=, nr_inodes=, ro, noatime, … of a mount"
    case .level:
      return
        "the dump level (makedumpfile's -d): pages that the dump leaves out are used (default: the level that the initramfs was built for)"
    case .reuse: return "the pages to use: free ones; the page cache too; pages of processes too"
    case .store: return "the way to write pages (default: the first of these that works)"
    case .vmcore: return "read this file instead of /proc/vmcore"
    case .device: return "write to this device instead of /dev/mem"
    case .overwrite: return "allow pages of a file, such as a saved vmcore, to be overwritten"
    case .nochecksum: return "don't verify checksums of data that is read"
    case .checksum: return "verify them (the default)"
    case .noscrub: return "don't verify data that nobody reads while nothing is asked for"
    }
  }

  /// Whether a remount can't change it.
  var isFixed: Bool {
    switch self {
    case .size, .blocks, .inodes, .remount: return false
    default: return true
    }
  }

  /// Whether it is an attribute of the root directory.
  var isOfRoot: Bool { self == .mode || self == .uid || self == .gid }

  /// Whether it is about old memory: scratch memory has no such option.
  var isOfOldMemory: Bool {
    switch self {
    case .level, .reuse, .store, .vmcore, .device, .overwrite: return true
    default: return false
    }
  }

  /// Whether it takes a value.
  var isValued: Bool { name.bytes.last == UInt8(ascii: "=") }

  var bit: UInt64 { 1 << rawValue }
}

/// An option as it was given.
struct GivenOption {
  let option: Option
  let word: Text
  let value: Text

  /// nil if the word is none of the options. A missing value is an error.
  init?(_ word: Text) throws(Failure) {
    for option in Option.allCases {
      let name = option.name
      guard option.isValued ? word.hasPrefix(name) || Text("%=", word) == name : word == name else { continue }
      self.option = option
      self.word = word
      value = word.dropping(name.count)
      if option.isValued, value.bytes.isEmpty { throw bad("'%' needs a value") }
      return
    }
    return nil
  }

  /// An error message, followed by the right form of the option.
  @inline(never)
  private func bad(_ what: Literal) -> Failure {
    var text = Text(what, word)
    text.append("; the form is %%", Text(option.name), Text(option.values))
    return Failure(usage: "%", text)
  }

  var badValue: Failure { bad("'%' has a wrong value") }

  /// Its value as a number.
  func number(upTo limit: UInt64, radix: UInt64 = 10) throws(Failure) -> UInt64 {
    guard let number = value.number(radix: radix), number <= limit else { throw badValue }
    return number
  }
}
