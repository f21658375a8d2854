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
        let truncating = file.pointee.flags & O_TRUNC != 0
        try server.open(InodeNumber(inode), &file.pointee, truncating: truncating, by: Server.caller(request))
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
    operations.release = { request, inode, file in
      if let file { Server.of(request).close(InodeNumber(inode), file.pointee) }
      fuse_reply_err(request, 0)
    }
  }

  /// Makes a file and opens it.
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
      // A new file is no shorter by O_TRUNC, and keeps set-user-ID.
      try server.open(inode, &file.pointee, truncating: false, by: caller)
      var answer = fuse_entry_param(entry)
      if fuse_reply_create(request, &answer, file) != 0 {
        server.close(inode, file.pointee)
        server.fileSystem.forget(inode, count: 1)
      }
    } catch { server.fail(request, error) }
  }

  private func open(
    _ inode: InodeNumber, _ file: inout fuse_file_info, truncating: Bool, by caller: Caller
  ) throws(FileSystemError) {
    let access = file.flags & O_ACCMODE
    let isStream = access == O_WRONLY || (canMapDirect && (access == O_RDWR || fileSystem.countsEachRead))
    let kind = try fileSystem.open(inode, isStream: isStream, mixing: canMixDirect, truncating: truncating, by: caller)
    openFiles += 1
    file.fh = kind.rawValue
    file.direct_io = kind == .direct ? 1 : 0
    file.keep_cache = kind == .cached ? 1 : 0
    // Nothing is to be done when a descriptor is closed, only when the last one is.
    file.noflush = 1
  }

  private func close(_ inode: InodeNumber, _ file: fuse_file_info) {
    openFiles -= 1
    fileSystem.close(inode, OpenKind(rawValue: file.fh) ?? .cached)
  }
}
