import CFuse
import CPlatform
import FileSystem

/// INIT, statfs and forgetting.
extension Server {
  static func addSession(to operations: inout fuse_lowlevel_ops) {
    operations.`init` = { data, connection in
      guard let data, let connection else { return }
      let server = Unmanaged<Server>.fromOpaque(data).takeUnretainedValue()
      server.negotiate(&connection.pointee)
      server.canMapDirect = cfuse_has(connection, cfuse_map_direct)
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
  private func negotiate(_ connection: inout fuse_conn_info) {
    // Splicing needs pages that can be pinned, which a mapping of old memory has not, and a copy is quicker anyway.
    cfuse_decline(&connection, UInt64(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE))
    // The kernel would accept what finds no frame at writeback, and lose it.
    cfuse_decline(&connection, UInt64(FUSE_CAP_WRITEBACK_CACHE))
    // An O_DIRECT write that is cut short for want of space would be EIO (`fuse_get_res_by_io`, fs/fuse/file.c).
    cfuse_decline(&connection, UInt64(FUSE_CAP_ASYNC_DIO))
    // Locks stay in the kernel: they are then interruptible.
    cfuse_decline(&connection, UInt64(FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS))
    // Names change only through the kernel, which may look several up at once.
    cfuse_want(&connection, UInt64(FUSE_CAP_PARALLEL_DIROPS))
    // The kernel caches symlinks and the contents of directories, unless each read of one counts (strictatime).
    if !fileSystem.countsEachRead { cfuse_want(&connection, UInt64(FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_NO_OPENDIR_SUPPORT)) }
    // Listing asks for attributes as well while the kernel thinks they'll be used.
    cfuse_want(&connection, UInt64(FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO))
    // O_TRUNC comes with the open: one request less, and no moment in between.
    cfuse_want(&connection, UInt64(FUSE_CAP_ATOMIC_O_TRUNC))
    // Set-user-ID and the like: chown(2) sends the new mode, writes are ours.
    cfuse_decline(&connection, UInt64(FUSE_CAP_HANDLE_KILLPRIV))
    // ACLs are checked by the kernel and kept by us; the umask counts only where there is no default ACL.
    cfuse_want(&connection, UInt64(FUSE_CAP_POSIX_ACL | FUSE_CAP_DONT_MASK))
    // Files that are open for reading and writing can then bypass the cache as well.
    cfuse_want(&connection, cfuse_map_direct)
    // File handles for name_to_handle_at and NFS.
    cfuse_want(&connection, UInt64(FUSE_CAP_EXPORT_SUPPORT))
    // The cache is right as it is: nobody writes behind the kernel's back.
    cfuse_decline(&connection, UInt64(FUSE_CAP_AUTO_INVAL_DATA))
    cfuse_want(&connection, UInt64(FUSE_CAP_EXPLICIT_INVAL_DATA))
    connection.max_write = UInt32(Server.largestTransfer)
    connection.time_gran = 1
  }
}
