// Memory safety: the copy's buffer is an array of this file's own; pointers to it live for one call.
import CPlatform
import Platform

/// Why a directory could not be copied.
struct CopyError: Error {
  let path: Text
  let error: Errno

  init(_ path: Text, _ error: Errno) {
    self.path = path
    self.error = error
  }

  func describe(to text: inout Text) {
    text.append(path)
    text.append(": ")
    error.describe(to: &text)
  }
}

/// What lstat(2) says of a path, as far as it is needed here.
struct FileStatus {
  let status: stat

  /// S_IFDIR, S_IFREG and so on.
  var kind: Int32 { Int32(truncatingIfNeeded: status.st_mode) & S_IFMT }

  /// nil if there is nothing, or it can't be seen.
  init?(_ path: Text) {
    var status = stat()
    guard path.withCString({ lstat($0, &status) }) == 0 else { return nil }
    self.status = status
  }
}

enum DirectoryListing {
  /// The names in a directory but "." and ".."; none if it can't be read.
  static func names(in path: Text) -> [Text] {
    guard let directory = path.withCString({ opendir($0) }) else { return [] }
    defer { closedir(directory) }
    var names: [Text] = []
    while let entry = readdir(directory) {
      var name = Text()
      withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { name.append(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      names.append(name)
    }
    return names
  }
}

/// A directory with all that is in it, to another file system: contents, owners, modes, times, names of one file. Extended
/// attributes are not copied: an initramfs, a cpio archive, has none.
struct TreeCopy {
  /// Bytes of the files copied so far.
  private(set) var bytes: UInt64 = 0
  /// The first copy of each file that has several names.
  private var linked: [(inode: UInt64, path: Text)] = []
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  mutating func copy(_ source: Text, to target: Text) throws(CopyError) {
    guard let found = FileStatus(source) else { throw CopyError(source, Errno(cplatform_errno())) }
    var status = found.status
    switch found.kind {
    case S_IFDIR:
      if target.withCString({ mkdir($0, 0o700) }) != 0, cplatform_errno() != EEXIST { throw failure(target) }
      for name in DirectoryListing.names(in: source) { try copy(source.joined(name), to: target.joined(name)) }
    case S_IFREG:
      if status.st_nlink > 1, let first = linked.first(where: { $0.inode == UInt64(status.st_ino) }) {
        guard first.path.withCString({ first in target.withCString { link(first, $0) } }) == 0 else { throw failure(target) }
        return
      }
      if status.st_nlink > 1 { linked.append((UInt64(status.st_ino), target)) }
      // What changed while it was copied is copied again.
      repeat { status = try copyData(source, to: target, status) } while !isSame(source, status)
    case S_IFLNK:
      try copyLink(source, to: target)
    case S_IFCHR, S_IFBLK, S_IFIFO:
      guard target.withCString({ mknod($0, status.st_mode, status.st_rdev) }) == 0 else { throw failure(target) }
    default:
      // A socket is where a program listens; a copy would be nobody's.
      throw CopyError(source, Errno(EOPNOTSUPP))
    }
    try setAttributes(target, status)
  }

  /// The status that the data belongs to.
  private mutating func copyData(_ source: Text, to target: Text, _ before: stat) throws(CopyError) -> stat {
    var status = before
    do throws(Errno) {
      let input = try FileDescriptor.open(source, flags: FileDescriptor.readOnly)
      let output = try FileDescriptor.open(target, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
      guard fstat(input.rawValue, &status) == 0 else { throw Errno(cplatform_errno()) }
      var offset: UInt64 = 0
      while true {
        let count = try piece(of: input, at: offset, to: output)
        if count == 0 { break }
        offset += UInt64(count)
      }
      bytes += offset
    } catch { throw CopyError(target, error) }
    return status
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

  private func isSame(_ path: Text, _ status: stat) -> Bool {
    guard let now = FileStatus(path)?.status else { return true }
    return now.st_size == status.st_size && now.st_mtim.tv_sec == status.st_mtim.tv_sec
      && now.st_mtim.tv_nsec == status.st_mtim.tv_nsec
  }

  private func copyLink(_ source: Text, to target: Text) throws(CopyError) {
    var goal = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = source.withCString { source in
      goal.withUnsafeMutableBufferPointer { readlink(source, $0.baseAddress!, $0.count - 1) }
    }
    guard count >= 0 else { throw failure(source) }
    let made = goal.withUnsafeBufferPointer { goal in target.withCString { symlink(goal.baseAddress!, $0) } }
    guard made == 0 else { throw failure(target) }
  }

  private func setAttributes(_ path: Text, _ status: stat) throws(CopyError) {
    let times = [status.st_atim, status.st_mtim]
    let isLink = Int32(truncatingIfNeeded: status.st_mode) & S_IFMT == S_IFLNK
    let done = path.withCString { path in
      // The mode after the owner: a change of owner clears setuid and setgid.
      lchown(path, status.st_uid, status.st_gid) == 0
        && (isLink || chmod(path, status.st_mode & 0o7777) == 0)
        && times.withUnsafeBufferPointer { utimensat(AT_FDCWD, path, $0.baseAddress!, AT_SYMLINK_NOFOLLOW) } == 0
    }
    guard done else { throw failure(path) }
  }

  private func failure(_ path: Text) -> CopyError { CopyError(path, Errno(cplatform_errno())) }
}

enum TreeRemoval {
  /// Removes all that is in a directory, as far as it can be.
  static func empty(_ path: Text) {
    for name in DirectoryListing.names(in: path) { remove(path.joined(name)) }
  }

  static func remove(_ path: Text) {
    if FileStatus(path)?.kind == S_IFDIR {
      empty(path)
      _ = path.withCString { rmdir($0) }
    } else {
      _ = path.withCString { unlink($0) }
    }
  }
}
