import CPlatform

/// The kernel's own mount flags (linux/mount.h), by the names that mount(8) has for them.
public struct MountFlags: Equatable {
  public private(set) var rawValue: UInt = 0
  /// Whether any word named a flag; without one, a remount leaves all flags as they are.
  public private(set) var isGiven = false

  public init() {}

  /// The flags that these words, with spaces between them, set or clear.
  public init(_ words: Literal) { for word in Text(words).split(UInt8(ascii: " ")) { _ = take(word) } }

  /// The words that set each bit from bit 0 on, and those that clear it; '.' where there is none for a mounted file system.
  private static var setting: Literal {
    "ro nosuid nodev noexec sync . . dirsync nosymfollow . noatime nodiratime . . . silent . . . . . relatime . . strictatime lazytime"
  }
  private static var clearing: Literal {
    "rw suid dev exec async . nomand . symfollow . atime diratime . . . loud . . . . . norelatime . noiversion nostrictatime nolazytime"
  }

  private static var ruling: UInt { UInt(MS_NOATIME) | UInt(MS_RELATIME) | UInt(MS_STRICTATIME) }

  /// Applies a word, which overrides those before it; false if it names no flag.
  public mutating func take(_ word: Text) -> Bool {
    if word == "." { return false }
    if let bit = word.place(in: Self.setting) {
      let flag: UInt = 1 << UInt(bit)
      if flag & Self.ruling != 0 { rawValue &= ~Self.ruling }
      rawValue |= flag
    } else if let bit = word.place(in: Self.clearing) {
      rawValue &= ~(1 << UInt(bit))
      // The kernel takes a remount without a word for access times to leave these as they are (`path_mount`, fs/namespace.c).
      if word == "atime" { rawValue |= UInt(MS_RELATIME) }
    } else {
      return false
    }
    isGiven = true
    return true
  }

  public var isReadOnly: Bool { rawValue & UInt(MS_RDONLY) != 0 }

  /// The flags' part about access times.
  public var accessTimes: AccessTimes {
    AccessTimes(rawValue: UInt64(rawValue & (UInt(MS_NOATIME) | UInt(MS_NODIRATIME) | UInt(MS_STRICTATIME))))
  }

  /// Whether they say anything of access times; a remount that doesn't leaves them as they are.
  public var saysAccessTimes: Bool { rawValue & (Self.ruling | UInt(MS_NODIRATIME)) != 0 }

  // MARK: Mounting

  /// Appends the words that every libfuse knows, each after a comma. libfuse refuses a word that it doesn't know.
  public func append(to list: inout Text) {
    var bit: UInt = 1
    for word in ["ro", "nosuid", "nodev", "noexec", "sync", "", "", "dirsync"] as [Literal] {
      if rawValue & bit != 0 { list.append(",%", Text(word)) }
      bit <<= 1
    }
  }

  /// Whether there are other flags, which `remount` has to set.
  public var needsRemount: Bool { rawValue & ~(0xff | UInt(MS_SILENT) | UInt(MS_RELATIME)) != 0 }

  /// Sets the flags of what is mounted at a directory. The corresponding C function is `mount` with `MS_REMOUNT`.
  public func remount(_ directory: Text) throws(Errno) {
    let done = directory.withCString { mount("none", $0, nil, rawValue | UInt(MS_REMOUNT), nil) }
    guard done == 0 else { throw Errno.current }
  }
}
