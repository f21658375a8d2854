// Memory safety: the buffer is an array of this file's own. A pointer to it lives for one call.
import Platform

/// Copies a directory tree to another file system: contents, owners, modes, times and hard links. A cpio archive has no extended
/// attributes, so an initramfs has none to copy.
struct TreeCopy {
  /// The bytes of file data copied so far.
  private(set) var bytes: UInt64 = 0
  /// The first copy of each file with several names.
  private var linked: [(inode: UInt64, path: Text)] = []
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  mutating func copy(_ source: Text, to target: Text) throws(FileTreeError) {
    var status = try FileTreeError.naming(source) { () throws(Errno) in try FileStatus(of: source) }
    switch status.type {
    case .directory:
      try FileTreeError.naming(target) { () throws(Errno) in try Files.makeDirectory(target, mode: 0o700) }
      for name in Files.names(in: source) { try copy(source.joined(name), to: target.joined(name)) }
    case .regular:
      if status.links > 1, let first = linked.first(where: { $0.inode == status.inode }) {
        return try FileTreeError.naming(target) { () throws(Errno) in try Files.makeLink(target, to: first.path) }
      }
      if status.links > 1 { linked.append((status.inode, target)) }
      // A file that changed meanwhile is copied again.
      repeat { status = try copyData(source, to: target) } while !isSame(source, status)
    case .symlink:
      let goal = try FileTreeError.naming(source) { () throws(Errno) in try Files.goal(ofSymlink: source) }
      try FileTreeError.naming(target) { () throws(Errno) in try Files.makeSymlink(target, to: goal) }
    case .characterDevice, .blockDevice, .fifo:
      let (mode, device) = (status.attributes.mode, status.device)
      try FileTreeError.naming(target) { () throws(Errno) in try Files.makeNode(target, mode: mode, device: device) }
    case .socket, nil:
      // No program would listen at the copy of a socket.
      throw .failed(source, .notSupported)
    }
    let attributes = status.attributes
    try FileTreeError.naming(target) { () throws(Errno) in try Files.setAttributes(attributes, of: target) }
  }

  /// Copies a file's data. Returns the status of the file at that time.
  mutating func copyData(_ source: Text, to target: Text) throws(FileTreeError) -> FileStatus {
    try FileTreeError.naming(target) { () throws(Errno) in
      let input = try FileDescriptor.open(source, flags: FileDescriptor.readOnly)
      let output = try FileDescriptor.open(
        target, flags: FileDescriptor.writeOnly | FileDescriptor.create | FileDescriptor.truncate, mode: 0o600)
      let status = try FileStatus(of: input)
      var offset: UInt64 = 0
      while true {
        let count = try piece(of: input, at: offset, to: output)
        if count == 0 { break }
        offset += UInt64(count)
      }
      bytes += offset
      return status
    }
  }

  private mutating func piece(
    of input: borrowing FileDescriptor, at offset: UInt64, to output: borrowing FileDescriptor
  ) throws(Errno) -> Int {
    let outcome = buffer.withUnsafeMutableBytes { buffer -> Result<Int, Errno> in
      do throws(Errno) {
        let count = try input.read(into: buffer, at: offset)
        try output.write(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]), at: offset)
        return .success(count)
      } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  private func isSame(_ path: Text, _ status: FileStatus) -> Bool {
    guard let now = try? FileStatus(of: path) else { return true }
    return now.size == status.size && now.modified == status.modified
  }
}

enum TreeRemoval {
  /// Removes the contents of a directory, as far as possible.
  static func empty(_ path: Text) {
    for name in Files.names(in: path) { remove(path.joined(name)) }
  }

  static func remove(_ path: Text) {
    if (try? FileStatus(of: path))?.type == .directory {
      empty(path)
      try? Files.removeDirectory(path)
    } else {
      try? Files.remove(path)
    }
  }
}
