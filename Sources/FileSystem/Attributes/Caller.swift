/// The process that makes a request.
public struct Caller {
  public var uid: UInt32
  public var gid: UInt32
  public var umask: UInt32
  /// Its supplementary groups. They cost a look into /proc, so they are asked for only where they matter.
  private let groups: () -> [UInt32]

  public init(uid: UInt32, gid: UInt32, umask: UInt32 = 0, groups: @escaping () -> [UInt32] = { [] }) {
    self.uid = uid
    self.gid = gid
    self.umask = umask
    self.groups = groups
  }

  public var isPrivileged: Bool { uid == 0 }

  func isMember(of group: UInt32) -> Bool { gid == group || groups().contains(group) }
}
