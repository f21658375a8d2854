import FuseProtocol
import Glibc
import Platform
import Testing

/// Requests that many tests make.
extension Connection {
  static var root: UInt64 { 1 }

  /// An open file.
  struct File {
    let inode: UInt64
    let handle: UInt64
    /// FOPEN_… (linux/fuse.h).
    let flags: UInt32
  }

  func lookUp(_ text: String, in directory: UInt64 = root) throws -> fuse_entry_out { try ask(FUSE_LOOKUP, of: directory, name(text)) }

  /// Makes a directory. Returns its inode.
  func makeDirectory(_ text: String, in directory: UInt64 = root) throws -> UInt64 {
    let entry: fuse_entry_out = try ask(FUSE_MKDIR, of: directory, bytes(fuse_mkdir_in(mode: 0o755, umask: 0), text))
    return entry.nodeid
  }

  /// Makes a file without opening it. Returns its inode.
  func makeNode(_ text: String, in directory: UInt64 = root) throws -> UInt64 {
    let input = fuse_mknod_in(mode: S_IFREG | 0o644, rdev: 0, umask: 0, padding: 0)
    let entry: fuse_entry_out = try ask(FUSE_MKNOD, of: directory, bytes(input, text))
    return entry.nodeid
  }

  func create(_ text: String, in directory: UInt64 = root, flags: Int32 = O_RDWR) throws -> File {
    let input = fuse_create_in(flags: UInt32(flags) | Self.largeFile, mode: S_IFREG | 0o644, umask: 0, open_flags: 0)
    let answer = try data(FUSE_CREATE, of: directory, bytes(input, text))
    let size = MemoryLayout<fuse_entry_out>.size
    try #require(answer.count == size + MemoryLayout<fuse_open_out>.size)
    return answer.withUnsafeBytes { buffer in
      let open = buffer.loadUnaligned(fromByteOffset: size, as: fuse_open_out.self)
      return File(inode: buffer.loadUnaligned(as: fuse_entry_out.self).nodeid, handle: open.fh, flags: open.open_flags)
    }
  }

  func openFile(_ inode: UInt64, flags: Int32) throws -> File {
    let answer: fuse_open_out = try ask(FUSE_OPEN, of: inode, bytes(fuse_open_in(flags: UInt32(flags) | Self.largeFile, open_flags: 0)))
    return File(inode: inode, handle: answer.fh, flags: answer.open_flags)
  }

  func release(_ file: File) throws {
    let input = fuse_release_in(fh: file.handle, flags: 0, release_flags: 0, lock_owner: 0)
    #expect(try data(FUSE_RELEASE, of: file.inode, bytes(input)) == [])
  }

  /// Returns how many bytes were written.
  func write(_ data: [UInt8], to file: File, at offset: UInt64 = 0, flags: Int32 = 0) throws -> Int {
    var input = fuse_write_in()
    input.fh = file.handle
    input.offset = offset
    input.size = UInt32(data.count)
    input.write_flags = UInt32(flags)
    let answer: fuse_write_out = try ask(FUSE_WRITE, of: file.inode, bytes(input) + data)
    return Int(answer.size)
  }

  func read(_ file: File, at offset: UInt64 = 0, count: Int) throws -> [UInt8] {
    try data(FUSE_READ, of: file.inode, bytes(readRequest(file.handle, offset, count)))
  }

  func attributes(_ inode: UInt64) throws -> fuse_attr {
    let answer: fuse_attr_out = try ask(FUSE_GETATTR, of: inode, bytes(fuse_getattr_in()))
    return answer.attr
  }

  /// Changes attributes; `valid` are FATTR_… (linux/fuse.h).
  @discardableResult
  func set(_ inode: UInt64, _ valid: Int32, _ fill: (inout fuse_setattr_in) -> Void = { _ in }) throws -> fuse_attr {
    var input = fuse_setattr_in()
    input.valid = UInt32(valid)
    fill(&input)
    let answer: fuse_attr_out = try ask(FUSE_SETATTR, of: inode, bytes(input))
    return answer.attr
  }

  func unlink(_ text: String, in directory: UInt64 = root) throws { try data(FUSE_UNLINK, of: directory, name(text)) }

  func rename(_ old: String, in directory: UInt64 = root, to new: String, into target: UInt64 = root) throws {
    try data(FUSE_RENAME, of: directory, bytes(fuse_rename_in(newdir: target), old, new))
  }

  func rename(_ old: String, to new: String, flags: UInt32) throws {
    try data(FUSE_RENAME2, of: Self.root, bytes(fuse_rename2_in(newdir: Self.root, flags: flags, padding: 0), old, new))
  }

  func forget(_ inode: UInt64, count: UInt64 = 1) throws {
    #expect(try send(FUSE_FORGET, of: inode, bytes(fuse_forget_in(nlookup: count))) == nil)
  }

  // MARK: Directories

  struct Listed {
    let name: String
    let inode: UInt64
    /// The position of the next entry.
    let position: UInt64
    /// With FUSE_READDIRPLUS, the inode as of a lookup; 0 for '.' and '..'.
    var entry: UInt64 = 0
  }

  /// The entries of a directory from a position on, as many as fit into that many bytes.
  func list(_ directory: UInt64 = root, after position: UInt64 = 0, room: Int = 4096, withAttributes: Bool = false) throws -> [Listed] {
    let code = withAttributes ? FUSE_READDIRPLUS : FUSE_READDIR
    let answer = try data(code, of: directory, bytes(readRequest(0, position, room)))
    #expect(answer.count <= room)
    return try parse(answer, withAttributes: withAttributes)
  }

  private func parse(_ answer: [UInt8], withAttributes: Bool) throws -> [Listed] {
    var listed: [Listed] = []
    var place = 0
    let before = withAttributes ? MemoryLayout<fuse_entry_out>.size : 0
    // `struct fuse_dirent`, followed by the name, padded to 8 bytes.
    while place < answer.count {
      try #require(answer.count - place >= before + 24)
      try answer.withUnsafeBytes { buffer in
        let start = place + before
        let count = Int(buffer.loadUnaligned(fromByteOffset: start + 16, as: UInt32.self))
        try #require(start + 24 + count <= buffer.count)
        listed.append(
          Listed(
            name: String(decoding: buffer[start + 24..<start + 24 + count], as: UTF8.self),
            inode: buffer.loadUnaligned(fromByteOffset: start, as: UInt64.self),
            position: buffer.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self),
            entry: withAttributes ? buffer.loadUnaligned(fromByteOffset: place, as: UInt64.self) : 0))
        place = start + (24 + count + 7) / 8 * 8
      }
    }
    return listed
  }

  private func readRequest(_ handle: UInt64, _ offset: UInt64, _ count: Int) -> fuse_read_in {
    var input = fuse_read_in()
    input.fh = handle
    input.offset = offset
    input.size = UInt32(count)
    return input
  }

  /// O_LARGEFILE, which the kernel adds for all 64-bit programs (asm-generic/fcntl.h).
  private static var largeFile: UInt32 { 0o100000 }
}
