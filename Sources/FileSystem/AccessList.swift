import Platform

/// A POSIX access control list, as the kernel hands it over in an extended attribute (include/uapi/linux/posix_acl_xattr.h:
/// a version of 4 bytes, then entries of 8, little-endian).
struct AccessList: Equatable {
  /// The two lists that a file can have.
  enum Kind {
    /// Who may do what with the file.
    case access
    /// What new files in a directory get.
    case defaults

    var name: Literal {
      switch self {
      case .access: return "system.posix_acl_access"
      case .defaults: return "system.posix_acl_default"
      }
    }

    var attribute: AttributeName { AttributeName(name, .accessList(self)) }
  }

  /// ACL_USER_OBJ and so on (include/uapi/linux/posix_acl.h).
  enum Tag: UInt16 {
    case owner = 0x01
    case user = 0x02
    case group = 0x04
    case namedGroup = 0x08
    case mask = 0x10
    case other = 0x20
  }

  struct Entry: Equatable {
    let tag: Tag
    /// Read, write and execute: 4, 2, 1.
    var permissions: UInt16
    let id: UInt32
  }

  private(set) var entries: [Entry]

  /// A list from an attribute's value; nil if it is not a valid one.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 4, (bytes.count - 4) % 8 == 0, Self.number(bytes, at: 0, count: 4) == 2 else { return nil }
    var entries: [Entry] = []
    for start in stride(from: 4, to: bytes.count, by: 8) {
      let permissions = UInt16(Self.number(bytes, at: start + 2, count: 2))
      guard let tag = Tag(rawValue: UInt16(Self.number(bytes, at: start, count: 2))), permissions <= 7 else { return nil }
      entries.append(Entry(tag: tag, permissions: permissions, id: Self.number(bytes, at: start + 4, count: 4)))
    }
    self.entries = entries
    guard entries.isEmpty || isComplete else { return nil }
  }

  private static func number(_ bytes: [UInt8], at start: Int, count: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in 0..<count { value |= UInt32(bytes[start + index]) << UInt32(8 * index) }
    return value
  }

  /// Whether owner, group and others are there once each, in order, and a mask where there are more (`posix_acl_valid`,
  /// fs/posix_acl.c).
  private var isComplete: Bool {
    var last: UInt16 = 0
    for entry in entries {
      let mayRepeat = entry.tag == .user || entry.tag == .namedGroup
      guard entry.tag.rawValue > last || (mayRepeat && entry.tag.rawValue == last) else { return false }
      last = entry.tag.rawValue
    }
    let needsMask = entries.contains { $0.tag == .user || $0.tag == .namedGroup }
    return self[.owner] != nil && self[.group] != nil && self[.other] != nil && (!needsMask || self[.mask] != nil)
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = [2, 0, 0, 0]
    for entry in entries {
      for (value, count) in [(UInt32(entry.tag.rawValue), 2), (UInt32(entry.permissions), 2), (entry.id, 4)] {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(8 * index))) }
      }
    }
    return bytes
  }

  /// The permissions of the one entry with a tag.
  private subscript(tag: Tag) -> UInt16? { entries.first { $0.tag == tag }?.permissions }

  private mutating func set(_ tag: Tag, _ permissions: UInt16) {
    for index in entries.indices where entries[index].tag == tag { entries[index].permissions = permissions }
  }

  /// The entry that the group bits of the mode stand for.
  private var groupTag: Tag { self[.mask] != nil ? .mask : .group }

  /// Whether the permission bits say all that the list says (`posix_acl_equiv_mode`).
  var isMode: Bool { !entries.contains { $0.tag == .user || $0.tag == .namedGroup || $0.tag == .mask } }

  /// The permission bits that go with the list.
  var permissions: UInt32 { UInt32(self[.owner] ?? 0) << 6 | UInt32(self[groupTag] ?? 0) << 3 | UInt32(self[.other] ?? 0) }

  /// Follows a chmod(2) (`__posix_acl_chmod_masq`).
  mutating func setPermissions(_ permissions: UInt32) {
    set(.owner, UInt16(permissions >> 6 & 7))
    set(groupTag, UInt16(permissions >> 3 & 7))
    set(.other, UInt16(permissions & 7))
  }

  /// Makes a directory's default list the access list of a new file, of which the creator asked for `permissions`; what it
  /// gets of these (`posix_acl_create_masq`).
  mutating func mask(with permissions: UInt32) -> UInt32 {
    set(.owner, (self[.owner] ?? 0) & UInt16(permissions >> 6 & 7))
    set(groupTag, (self[groupTag] ?? 0) & UInt16(permissions >> 3 & 7))
    set(.other, (self[.other] ?? 0) & UInt16(permissions & 7))
    return permissions & ~0o777 | self.permissions
  }
}
