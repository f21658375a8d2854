import Platform

/// A POSIX access control list, as the kernel hands it over in an extended attribute (include/uapi/linux/posix_acl_xattr.h:
/// a version of 4 bytes, then entries of 8, little-endian).
struct AccessList: Equatable {
  /// The two lists that a file can have.
  enum Kind {
    /// The permissions of the file itself.
    case access
    /// The list that new files in a directory get.
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

  /// The whole, as the kernel has it: the version, and of each entry the tag and the permissions (read, write and execute:
  /// 4, 2, 1), 2 bytes each, and an id.
  private(set) var bytes: [UInt8]

  /// A list from an attribute's value; nil if it is not a valid one.
  init?(_ bytes: [UInt8]) {
    self.bytes = bytes
    guard bytes.count >= 4, (bytes.count - 4) % 8 == 0, number(0) == 2, number(2) == 0 else { return nil }
    guard isEmpty || isComplete else { return nil }
  }

  var isEmpty: Bool { bytes.count == 4 }

  /// Where the entries begin.
  private var places: StrideTo<Int> { stride(from: 4, to: bytes.count, by: 8) }

  /// A number of two bytes.
  private func number(_ place: Int) -> UInt16 { UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8 }

  /// Whether owner, group and others are there once each, in order, and a mask where there are more (`posix_acl_valid`,
  /// fs/posix_acl.c).
  private var isComplete: Bool {
    var last: UInt16 = 0
    var needsMask = false
    for place in places {
      guard let tag = Tag(rawValue: number(place)), number(place + 2) <= 7 else { return false }
      let mayRepeat = tag == .user || tag == .namedGroup
      guard tag.rawValue > last || (mayRepeat && tag.rawValue == last) else { return false }
      last = tag.rawValue
      needsMask = needsMask || mayRepeat
    }
    return self[.owner] != nil && self[.group] != nil && self[.other] != nil && (!needsMask || self[.mask] != nil)
  }

  /// The permissions of the one entry with a tag.
  @inline(never)
  private subscript(tag: Tag) -> UInt16? {
    for place in places where number(place) == tag.rawValue { return number(place + 2) }
    return nil
  }

  @inline(never)
  private mutating func set(_ tag: Tag, _ permissions: UInt16) {
    for place in places where number(place) == tag.rawValue { bytes[place + 2] = UInt8(permissions) }
  }

  /// The entry that the group bits of the mode stand for.
  private var groupTag: Tag { self[.mask] != nil ? .mask : .group }

  /// Whether the permission bits say all that the list says (`posix_acl_equiv_mode`).
  var isMode: Bool { self[.user] == nil && self[.namedGroup] == nil && self[.mask] == nil }

  /// The permission bits that go with the list.
  var permissions: UInt32 { UInt32(self[.owner] ?? 0) << 6 | UInt32(self[groupTag] ?? 0) << 3 | UInt32(self[.other] ?? 0) }

  /// Follows a chmod(2) (`__posix_acl_chmod_masq`).
  mutating func setPermissions(_ permissions: UInt32) {
    set(.owner, UInt16(permissions >> 6 & 7))
    set(groupTag, UInt16(permissions >> 3 & 7))
    set(.other, UInt16(permissions & 7))
  }

  /// Turns a directory's default list into the access list of a new file, for which the creator asked `permissions`. Returns the
  /// permissions that the file gets (`posix_acl_create_masq`).
  mutating func mask(with permissions: UInt32) -> UInt32 {
    set(.owner, (self[.owner] ?? 0) & UInt16(permissions >> 6 & 7))
    set(groupTag, (self[groupTag] ?? 0) & UInt16(permissions >> 3 & 7))
    set(.other, (self[.other] ?? 0) & UInt16(permissions & 7))
    return permissions & ~0o777 | self.permissions
  }
}
