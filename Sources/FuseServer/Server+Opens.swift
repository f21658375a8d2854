import CFuse
import CPlatform
import FileSystem

/// Opening, creating and closing files.
extension Server {
  static func addOpens(to operations: inout fuse_lowlevel_ops) {
    operations.open = { request, inode, file in
      let server = Server.of(request)
      guard let file else { return server.fail(request, .invalid) }
      do throws(FileSystemError) {
        try server.open(InodeNumber(inode), &file.pointee, for: Server.access(file.pointee.flags), by: Server.caller(request))
        server.tellUnseen()
        if fuse_reply_open(request, file) != 0 { server.close(InodeNumber(inode), file.pointee) }
      } catch { server.fail(request, error) }
    }
    operations.create = { request, parent, name, mode, file in
      Server.make(request, file) { fileSystem, caller throws(FileSystemError) in
        try fileSystem.makeNode(
          Server.name(name), in: InodeNumber(parent), mode: FileMode(mode), device: 0, by: caller)
      }
    }
    cfuse_set_tmpfile(&operations) { request, parent, mode, file in
      Server.make(request, file) { fileSystem, caller throws(FileSystemError) in
        try fileSystem.makeUnnamed(in: InodeNumber(parent), permissions: mode, by: caller)
      }
    }
    operations.opendir = { request, _, file in
      // The kernel sends no more of these, and caches what directories hold. libfuse before 3.17 would reply with success for it, without a
      // cache; a newer one as here (its commit 2bdec0bc, "Handle NO_OPEN/NO_OPENDIR support automatically").
      let server = Server.of(request)
      if server.cachesDirectories { fuse_reply_err(request, ENOSYS) } else { fuse_reply_open(request, file) }
    }
    operations.release = { request, inode, file in
      if let file { Server.of(request).close(InodeNumber(inode), file.pointee) }
      fuse_reply_err(request, 0)
    }
  }

  /// Makes a file, opens it, and replies with both.
  private static func make(
    _ request: fuse_req_t?, _ file: UnsafeMutablePointer<fuse_file_info>?,
    _ body: (MountedFileSystem, Caller) throws(FileSystemError) -> Entry
  ) {
    let server = of(request)
    guard let file else { return server.fail(request, .invalid) }
    do throws(FileSystemError) {
      let caller = Server.caller(request)
      let entry = try body(server.fileSystem, caller)
      let inode = entry.attributes.inode
      // O_TRUNC has no effect on a new file: it takes no set-user-ID away.
      try server.open(inode, &file.pointee, for: access(file.pointee.flags).subtracting(.truncating), by: caller)
      var answer = fuse_entry_param(entry)
      if fuse_reply_create(request, &answer, file) != 0 {
        server.close(inode, file.pointee)
        server.fileSystem.forget(inode, count: 1)
      }
    } catch { server.fail(request, error) }
  }

  /// The access that open(2)'s flags ask for. The kernel sets O_LARGEFILE for each 64-bit program, but not for an open of its own
  /// (`fuse_priv_ioctl_prepare`, fs/fuse/ioctl.c).
  private static func access(_ flags: Int32) -> OpenAccess {
    var access: OpenAccess = flags & largeFile == 0 ? .asking : []
    if flags & O_ACCMODE != O_RDONLY { access.insert(.writing) }
    if flags & O_APPEND != 0 { access.insert(.appending) }
    if flags & O_TRUNC != 0 { access.insert(.truncating) }
    return access
  }

  /// The kernel's O_LARGEFILE (asm-generic/fcntl.h); libc's is 0.
  private static var largeFile: Int32 { 0o100000 }
  /// A bit beside the `OpenKind` in a file handle: writes may only append. The flags of a write don't tell: fcntl(2) clears O_APPEND.
  private static var addsOnly: UInt64 { 1 << 8 }

  /// Whether writes through an open file may only append (`chattr +a`).
  static func addsOnly(_ file: fuse_file_info) -> Bool { file.fh & addsOnly != 0 }

  private func open(
    _ inode: InodeNumber, _ file: inout fuse_file_info, for access: OpenAccess, by caller: Caller
  ) throws(FileSystemError) {
    let mode = file.flags & O_ACCMODE
    let isStream = mode == O_WRONLY || (canMapDirect && (mode == O_RDWR || fileSystem.countsEachRead))
    let kind = try fileSystem.open(inode, for: access, isStream: isStream, mixing: canMixDirect, by: caller)
    openFiles += 1
    file.fh = kind.rawValue
    if try fileSystem.flags(of: inode).contains(.append) { file.fh |= Self.addsOnly }
    file.direct_io = kind == .direct ? 1 : 0
    file.keep_cache = kind == .cached ? 1 : 0
    // Only the close of the last descriptor counts (RELEASE), not each one (FLUSH).
    file.noflush = 1
  }

  private func close(_ inode: InodeNumber, _ file: fuse_file_info) {
    openFiles -= 1
    fileSystem.close(inode, OpenKind(rawValue: file.fh & ~Self.addsOnly) ?? .cached)
  }
}
