import CFuse
import CPlatform
import FileSystem

/// INIT, STATFS and FORGET.
extension Server {
  static func addSession(to operations: inout fuse_lowlevel_ops) {
    operations.`init` = { data, connection in
      guard let data, let connection else { return }
      let server = Unmanaged<Server>.fromOpaque(data).takeUnretainedValue()
      server.negotiate(&connection.pointee)
      server.canMapDirect = cfuse_has(connection, cfuse_map_direct)
      // Kernels from 6.6 on can; the first protocol version that proves it is 7.40, of 6.9.
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

  /// Chooses the kernel's capabilities, each with its reason.
  private func negotiate(_ connection: inout fuse_conn_info) {
    // Splicing pins pages, and those of a mapping of /dev/mem can't be pinned. A copy is faster anyway.
    cfuse_decline(&connection, UInt64(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE))
    // The kernel would accept writes, and lose them when writeback finds no free frame.
    cfuse_decline(&connection, UInt64(FUSE_CAP_WRITEBACK_CACHE))
    // An O_DIRECT write that is short for want of space would fail with EIO (`fuse_get_res_by_io`, fs/fuse/file.c).
    cfuse_decline(&connection, UInt64(FUSE_CAP_ASYNC_DIO))
    // The kernel keeps locks itself: a signal can then interrupt a waiter.
    cfuse_decline(&connection, UInt64(FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS))
    // Lookups may run in parallel: all changes of names come through this kernel.
    cfuse_want(&connection, UInt64(FUSE_CAP_PARALLEL_DIROPS))
    // The kernel caches symlinks and the contents of directories, unless each read of one counts (strictatime).
    if !fileSystem.countsEachRead {
      cfuse_want(&connection, UInt64(FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_NO_OPENDIR_SUPPORT))
      cachesDirectories = cfuse_has(&connection, UInt64(FUSE_CAP_NO_OPENDIR_SUPPORT))
    }
    // A listing has the attributes, too, when the kernel expects to use them.
    cfuse_want(&connection, UInt64(FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO))
    // O_TRUNC comes with the open, atomically, and without a second request.
    cfuse_want(&connection, UInt64(FUSE_CAP_ATOMIC_O_TRUNC))
    // Set-user-ID and set-group-ID: chown(2) sends the new mode; a write takes them away here.
    cfuse_decline(&connection, UInt64(FUSE_CAP_HANDLE_KILLPRIV))
    // The kernel checks ACLs, this file system stores them, and applies the umask where there is no default ACL.
    cfuse_want(&connection, UInt64(FUSE_CAP_POSIX_ACL | FUSE_CAP_DONT_MASK))
    // Files that are open for reading and writing can then bypass the page cache.
    cfuse_want(&connection, cfuse_map_direct)
    // File handles for name_to_handle_at and NFS.
    cfuse_want(&connection, UInt64(FUSE_CAP_EXPORT_SUPPORT))
    // The page cache stays valid: all writes come through this kernel.
    cfuse_decline(&connection, UInt64(FUSE_CAP_AUTO_INVAL_DATA))
    cfuse_want(&connection, UInt64(FUSE_CAP_EXPLICIT_INVAL_DATA))
    connection.max_write = UInt32(Server.largestTransfer)
    connection.time_gran = 1
  }
}
