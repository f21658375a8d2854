// Memory safety: libfuse writes an entry only if it fits into the rest of the reply buffer, and returns its size.
import CFuse
import FileSystem
import OldMemory
import Platform

/// READDIR and READDIRPLUS: lists of directories, without and with attributes.
extension Server {
  static func addDirectories(to operations: inout fuse_lowlevel_ops) {
    operations.readdir = { request, inode, size, position, _ in
      Server.replyData(request, size) { fileSystem, buffer throws(FileSystemError) in
        var used = 0
        try fileSystem.list(InodeNumber(inode), after: UInt64(bitPattern: Int64(position))) { listed in
          var attributes = stat()
          attributes.st_ino = UInt(listed.inode.rawValue)
          attributes.st_mode = listed.mode.rawValue
          return Server.append(listed, to: buffer, &used) { start, room, name in
            fuse_add_direntry(request, start, room, name, &attributes, Int(truncatingIfNeeded: listed.position))
          }
        }
        return used
      }
    }
    operations.readdirplus = { request, inode, size, position, _ in
      // libfuse frees a request when it is replied to.
      let server = Server.of(request)
      var referenced: [InodeNumber] = []
      let isTaken = Server.replyData(request, size) { fileSystem, buffer throws(FileSystemError) in
        var used = 0
        try fileSystem.list(InodeNumber(inode), after: UInt64(bitPattern: Int64(position))) { listed in
          let entry = fileSystem.reference(listed)
          var answer = fuse_entry_param(entry)
          let fits = Server.append(listed, to: buffer, &used) { start, room, name in
            fuse_add_direntry_plus(request, start, room, name, &answer, Int(truncatingIfNeeded: listed.position))
          }
          // The kernel counts no lookup of '.' and '..', nor of an entry that does not fit.
          if fits, !listed.isDots { referenced.append(listed.inode) } else { fileSystem.forget(listed.inode, count: 1) }
          return fits
        }
        return used
      }
      // The caller was interrupted: the kernel dropped the reply, and counted no lookup (`fuse_dev_do_write`, fs/fuse/dev.c).
      if !isTaken { for inode in referenced { server.fileSystem.forget(inode, count: 1) } }
    }
  }

  /// Appends an entry to the buffer. Returns false if it does not fit.
  private static func append(
    _ listed: MountedFileSystem.Listed, to buffer: UnsafeMutableRawBufferPointer, _ used: inout Int,
    _ add: (UnsafeMutablePointer<CChar>?, Int, UnsafePointer<CChar>) -> Int
  ) -> Bool {
    let room = buffer.count - used
    let start = buffer.baseAddress.map { ($0 + used).assumingMemoryBound(to: CChar.self) }
    var name = listed.name
    name.append(0)
    let size = name.withUnsafeBytes { add(start, room, $0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    guard size <= room else { return false }
    used += size
    return true
  }
}
