import CFuse
import CPlatform
import FileSystem
import Platform

/// stat(2), chmod(2), chown(2), truncate(2), utimensat(2).
extension Server {
  static func addAttributes(to operations: inout fuse_lowlevel_ops) {
    operations.getattr = { request, inode, _ in
      Server.replyAttributes(request) { fileSystem, _ throws(FileSystemError) in
        try fileSystem.attributes(of: InodeNumber(inode))
      }
    }
    cfuse_set_statx(&operations) { request, inode, _, _, _ in
      let server = Server.of(request)
      do throws(FileSystemError) {
        let attributes = try server.fileSystem.attributes(of: InodeNumber(inode))
        var status = stat(attributes)
        _ = cfuse_reply_statx(request, &status, timespec(attributes.born), Server.forever)
      } catch { server.fail(request, error) }
    }
    operations.setattr = { request, inode, attributes, flags, file in
      Server.replyAttributes(request) { fileSystem, caller throws(FileSystemError) in
        guard let attributes else { throw FileSystemError.invalid }
        return try fileSystem.setAttributes(
          of: InodeNumber(inode), to: AttributeChange(attributes.pointee, SetFlags(rawValue: flags)), by: caller,
          isOpen: file != nil)
      }
    }
  }

  /// FUSE_SET_ATTR_… (fuse_lowlevel.h).
  struct SetFlags: OptionSet {
    let rawValue: Int32

    static var mode: SetFlags { SetFlags(rawValue: FUSE_SET_ATTR_MODE) }
    static var uid: SetFlags { SetFlags(rawValue: FUSE_SET_ATTR_UID) }
    static var gid: SetFlags { SetFlags(rawValue: FUSE_SET_ATTR_GID) }
    static var size: SetFlags { SetFlags(rawValue: FUSE_SET_ATTR_SIZE) }
    static var accessed: SetFlags { SetFlags(rawValue: FUSE_SET_ATTR_ATIME) }
    static var modified: SetFlags { SetFlags(rawValue: FUSE_SET_ATTR_MTIME) }
    static var accessedNow: SetFlags { SetFlags(rawValue: FUSE_SET_ATTR_ATIME_NOW) }
    static var modifiedNow: SetFlags { SetFlags(rawValue: FUSE_SET_ATTR_MTIME_NOW) }
  }
}

extension AttributeChange {
  init(_ attributes: stat, _ flags: Server.SetFlags) {
    self.init()
    if flags.contains(.mode) { permissions = attributes.st_mode & 0o7777 }
    if flags.contains(.uid) { uid = attributes.st_uid }
    if flags.contains(.gid) { gid = attributes.st_gid }
    if flags.contains(.size) { size = UInt64(max(0, attributes.st_size)) }
    if flags.contains(.accessed) { accessed = flags.contains(.accessedNow) ? .now : .time(Time(attributes.st_atim)) }
    if flags.contains(.modified) { modified = flags.contains(.modifiedNow) ? .now : .time(Time(attributes.st_mtim)) }
  }
}
