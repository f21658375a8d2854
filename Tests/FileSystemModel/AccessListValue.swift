/// A POSIX ACL of the reference. It follows only the description of the attribute's bytes in include/uapi/linux/posix_acl_xattr.h.
struct AccessListValue: Equatable {
  struct Named: Equatable {
    var id: UInt32
    var permissions: UInt32
  }

  var owner: UInt32
  var group: UInt32
  var other: UInt32
  var mask: UInt32?
  var users: [Named] = []
  var groups: [Named] = []

  /// Whether permission bits can say the same.
  var isMinimal: Bool { mask == nil && users.isEmpty && groups.isEmpty }

  /// The equivalent permission bits. The mask takes the place of the group.
  var permissions: UInt32 { owner << 6 | (mask ?? group) << 3 | other }

  mutating func setPermissions(_ permissions: UInt32) {
    owner = permissions >> 6 & 7
    if mask != nil { mask = permissions >> 3 & 7 } else { group = permissions >> 3 & 7 }
    other = permissions & 7
  }

  mutating func restrict(to permissions: UInt32) {
    owner &= permissions >> 6 & 7
    if let old = mask { mask = old & (permissions >> 3 & 7) } else { group &= permissions >> 3 & 7 }
    other &= permissions & 7
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = [2, 0, 0, 0]
    func add(_ tag: UInt8, _ permissions: UInt32, _ id: UInt32 = UInt32.max) {
      bytes += [tag, 0, UInt8(permissions), 0]
      bytes += (0..<4).map { UInt8(truncatingIfNeeded: id >> ($0 * 8)) }
    }
    add(1, owner)
    for user in users { add(2, user.permissions, user.id) }
    add(4, group)
    for group in groups { add(8, group.permissions, group.id) }
    if let mask { add(16, mask) }
    add(32, other)
    return bytes
  }

  /// The ACLs that a run sets; nil means one of `broken`.
  static let choices: [AccessListValue?] = [
    AccessListValue(owner: 7, group: 5, other: 1),
    AccessListValue(owner: 6, group: 4, other: 0, mask: 6, users: [Named(id: 1000, permissions: 7)]),
    AccessListValue(owner: 7, group: 7, other: 7, mask: 5, groups: [Named(id: 100, permissions: 2), Named(id: 200, permissions: 5)]),
    AccessListValue(
      owner: 7, group: 1, other: 2, mask: 7, users: (0..<40).map { Named(id: $0, permissions: 5) },
      groups: (0..<30).map { Named(id: $0 + 9, permissions: 6) }),
    AccessListValue(owner: 5, group: 5, other: 5, mask: 3),
    nil,
  ]

  /// Wrong values: a wrong version, half an entry, an unknown tag, unknown bits, no mask, a wrong order.
  static let broken: [[UInt8]] = {
    let good = AccessListValue(owner: 7, group: 5, other: 1).bytes
    var wrongVersion = good
    wrongVersion[0] = 1
    var unknownTag = good
    unknownTag[4] = 3
    var wideBits = good
    wideBits[6] = 8
    var noMask = AccessListValue(owner: 7, group: 7, other: 7, users: [Named(id: 1, permissions: 1)])
    noMask.mask = nil
    let swapped = Array(good[0..<4] + good[12..<20] + good[4..<12] + good[20...])
    return [[], [2, 0, 0], wrongVersion, good + [1], unknownTag, wideBits, noMask.bytes, swapped, Array(good[0..<20])]
  }()
}
