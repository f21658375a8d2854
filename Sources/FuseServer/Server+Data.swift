// Memory safety: the bytes to write lie in the request, which libfuse keeps until the reply.
import CFuse
import CPlatform
import FileSystem

/// READ, WRITE, FALLOCATE and LSEEK.
extension Server {
  static func addData(to operations: inout fuse_lowlevel_ops) {
    operations.read = { request, inode, size, offset, file in
      let touching = file.map { $0.pointee.flags & Server.noAccessTime == 0 } ?? true
      Server.replyData(request, size) { fileSystem, buffer throws(FileSystemError) in
        guard let offset = UInt64(exactly: offset) else { throw FileSystemError.invalid }
        return try fileSystem.read(InodeNumber(inode), at: offset, into: buffer, touching: touching)
      }
    }
    operations.write = { request, inode, bytes, size, offset, file in
      let server = Server.of(request)
      do throws(FileSystemError) {
        guard let offset = UInt64(exactly: offset) else { throw FileSystemError.invalid }
        let buffer = UnsafeRawBufferPointer(start: bytes, count: size)
        let isWriteback = file.map { $0.pointee.writepage != 0 } ?? false
        let caller = isWriteback ? nil : Server.caller(request)
        let appending = !isWriteback && (file.map { Server.addsOnly($0.pointee) } ?? false)
        let count = try server.fileSystem.write(InodeNumber(inode), at: offset, buffer, appending: appending, by: caller)
        server.tellUnseen()
        fuse_reply_write(request, count)
      } catch { server.fail(request, error) }
    }
    operations.fallocate = { request, inode, mode, offset, count, _ in
      Server.replyStatus(request) { fileSystem, caller throws(FileSystemError) in
        guard let offset = UInt64(exactly: offset), let count = UInt64(exactly: count) else { throw FileSystemError.invalid }
        try fileSystem.allocate(
          InodeNumber(inode), at: offset, count: count, mode: AllocateMode(rawValue: mode), by: caller)
      }
    }
    operations.lseek = { request, inode, offset, whence, _ in
      let server = Server.of(request)
      do throws(FileSystemError) {
        // The kernel handles all other kinds of seeking itself.
        guard let target = SeekTarget(whence: whence) else { throw FileSystemError.invalid }
        guard let offset = UInt64(exactly: offset) else { throw FileSystemError.noData }
        let found = try server.fileSystem.seek(target, in: InodeNumber(inode), from: offset)
        fuse_reply_lseek(request, Int(truncatingIfNeeded: found))
      } catch { server.fail(request, error) }
    }
  }

  /// O_NOATIME (asm-generic/fcntl.h); Swift sees it only with _GNU_SOURCE.
  private static var noAccessTime: Int32 { 0o1000000 }
}

extension SeekTarget {
  /// SEEK_DATA and SEEK_HOLE (linux/fs.h).
  fileprivate init?(whence: Int32) {
    switch whence {
    case 3: self = .data
    case 4: self = .hole
    default: return nil
    }
  }
}
