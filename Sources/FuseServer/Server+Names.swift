import CFuse
import CPlatform
import FileSystem
import Platform

/// Requests about names: look up, make, link, remove, rename.
extension Server {
  static func addNames(to operations: inout fuse_lowlevel_ops) {
    operations.lookup = { request, parent, name in
      let server = Server.of(request)
      do throws(FileSystemError) {
        let entry = try server.fileSystem.lookUp(Server.name(name), in: InodeNumber(parent))
        var answer = fuse_entry_param(entry)
        if fuse_reply_entry(request, &answer) != 0 { server.fileSystem.forget(entry.attributes.inode, count: 1) }
      } catch {
        guard error == .noEntry else { return server.fail(request, error) }
        var answer = fuse_entry_param.absent
        fuse_reply_entry(request, &answer)
      }
    }
    operations.mknod = { request, parent, name, mode, device in
      Server.replyEntry(request) { fileSystem, caller throws(FileSystemError) in
        try fileSystem.makeNode(
          Server.name(name), in: InodeNumber(parent), mode: FileMode(mode), device: UInt32(truncatingIfNeeded: device),
          by: caller)
      }
    }
    operations.mkdir = { request, parent, name, mode in
      Server.replyEntry(request) { fileSystem, caller throws(FileSystemError) in
        try fileSystem.makeDirectory(
          Server.name(name), in: InodeNumber(parent), permissions: mode, by: caller)
      }
    }
    operations.symlink = { request, target, parent, name in
      Server.replyEntry(request) { fileSystem, caller throws(FileSystemError) in
        try fileSystem.makeLink(
          Server.name(name), in: InodeNumber(parent), target: Server.bytes(target), by: caller)
      }
    }
    operations.readlink = { request, inode in
      let server = Server.of(request)
      do throws(FileSystemError) {
        var target = Text()
        target.append(bytes: try server.fileSystem.readLink(InodeNumber(inode)))
        _ = target.withCString { fuse_reply_readlink(request, $0) }
      } catch { server.fail(request, error) }
    }
    operations.link = { request, inode, parent, name in
      Server.replyEntry(request) { fileSystem, _ throws(FileSystemError) in
        try fileSystem.link(InodeNumber(inode), as: Server.name(name), in: InodeNumber(parent))
      }
    }
    operations.unlink = { request, parent, name in
      Server.replyStatus(request) { fileSystem, _ throws(FileSystemError) in
        try fileSystem.unlink(Server.name(name), in: InodeNumber(parent))
      }
    }
    operations.rmdir = { request, parent, name in
      Server.replyStatus(request) { fileSystem, _ throws(FileSystemError) in
        try fileSystem.removeDirectory(Server.name(name), in: InodeNumber(parent))
      }
    }
    operations.rename = { request, parent, name, newParent, newName, flags in
      Server.replyStatus(request) { fileSystem, caller throws(FileSystemError) in
        try fileSystem.rename(
          from: .init(Server.name(name), in: InodeNumber(parent)), to: .init(Server.name(newName), in: InodeNumber(newParent)),
          RenameFlags(rawValue: flags), by: caller)
      }
    }
  }
}
