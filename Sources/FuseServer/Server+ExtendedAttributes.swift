import CFuse
import FileSystem

/// Extended attributes, ACLs among them.
extension Server {
  static func addExtendedAttributes(to operations: inout fuse_lowlevel_ops) {
    operations.getxattr = { request, inode, name, size in
      Server.replyBytes(request, size) { fileSystem, _ throws(FileSystemError) in
        try fileSystem.attribute(AttributeName(Server.bytes(name)), of: InodeNumber(inode))
      }
    }
    operations.listxattr = { request, inode, size in
      Server.replyBytes(request, size) { fileSystem, caller throws(FileSystemError) in
        try fileSystem.attributeNames(of: InodeNumber(inode), for: caller)
      }
    }
    operations.setxattr = { request, inode, name, value, size, flags in
      Server.replyStatus(request) { fileSystem, caller throws(FileSystemError) in
        let bytes = [UInt8](UnsafeRawBufferPointer(start: value, count: size))
        try fileSystem.setAttribute(
          AttributeName(Server.bytes(name)), of: InodeNumber(inode), to: bytes, SetAttributeFlags(rawValue: flags),
          by: caller)
      }
    }
    operations.removexattr = { request, inode, name in
      Server.replyStatus(request) { fileSystem, _ throws(FileSystemError) in
        try fileSystem.removeAttribute(AttributeName(Server.bytes(name)), of: InodeNumber(inode))
      }
    }
  }
}
