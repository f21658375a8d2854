import CFuse
import CPlatform
import FileSystem

/// INIT, statfs and forgetting.
extension Server {
  static func addSession(to operations: inout fuse_lowlevel_ops) {
    operations.`init` = { data, connection in
      guard let data, let connection else { return }
      let server = Unmanaged<Server>.fromOpaque(data).takeUnretainedValue()
      Server.negotiate(&connection.pointee)
      server.canMapDirect = connection.pointee.want & cfuse_map_direct != 0
      // Since 6.6; protocol 7.40, of 6.9, is the first that tells for sure.
      server.canMixDirect = connection.pointee.proto_minor >= 40
      server.isReady = true
    }
    operations.statfs = { request, _ in
      let server = Server.of(request)
      var answer = statvfs(server.fileSystem.statistics)
      fuse_reply_statfs(request, &answer)
    }
    operations.forget = { request, inode, count in
      Server.of(request).fileSystem.forget(InodeNumber(inode), count: count)
      fuse_reply_none(request)
    }
    operations.forget_multi = { request, count, forgets in
      let server = Server.of(request)
      for forget in UnsafeBufferPointer(start: forgets, count: count) {
        server.fileSystem.forget(InodeNumber(forget.ino), count: forget.nlookup)
      }
      fuse_reply_none(request)
    }
  }

  /// Chooses what the kernel should do for us; each choice with its reason.
  private static func negotiate(_ connection: inout fuse_conn_info) {
    // Splicing needs pages that can be pinned, which a mapping of old memory has not, and a copy is quicker anyway.
    connection.want &= ~UInt32(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE)
    // The kernel would accept what finds no frame at writeback, and lose it.
    connection.want &= ~UInt32(FUSE_CAP_WRITEBACK_CACHE)
    // An O_DIRECT write that is cut short for want of space would be EIO (`fuse_get_res_by_io`, fs/fuse/file.c).
    connection.want &= ~UInt32(FUSE_CAP_ASYNC_DIO)
    // Locks stay in the kernel: they are then interruptible.
    connection.want &= ~UInt32(FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS)
    // Names and symlinks change only through the kernel, which may look several up at once.
    want(FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_CACHE_SYMLINKS, of: &connection)
    // Listing asks for attributes as well while the kernel thinks they'll be used.
    want(FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO, of: &connection)
    // O_TRUNC comes with the open: one request less, and no moment in between.
    want(FUSE_CAP_ATOMIC_O_TRUNC, of: &connection)
    // Set-user-ID and the like: chown(2) sends the new mode, writes are ours.
    connection.want &= ~UInt32(FUSE_CAP_HANDLE_KILLPRIV)
    // ACLs are checked by the kernel and kept by us; the umask counts only where there is no default ACL.
    want(FUSE_CAP_POSIX_ACL | FUSE_CAP_DONT_MASK, of: &connection)
    // Files that are open for reading and writing can then bypass the cache as well.
    connection.want |= connection.capable & cfuse_map_direct
    // File handles for name_to_handle_at and NFS.
    want(FUSE_CAP_EXPORT_SUPPORT, of: &connection)
    // opendir needs no answer of ours.
    want(FUSE_CAP_NO_OPENDIR_SUPPORT, of: &connection)
    // The cache is right as it is: nobody writes behind the kernel's back.
    connection.want &= ~UInt32(FUSE_CAP_AUTO_INVAL_DATA)
    want(FUSE_CAP_EXPLICIT_INVAL_DATA, of: &connection)
    connection.max_write = UInt32(largestTransfer)
    connection.time_gran = 1
  }

  private static func want(_ capabilities: Int32, of connection: inout fuse_conn_info) {
    connection.want |= connection.capable & UInt32(capabilities)
  }
}
