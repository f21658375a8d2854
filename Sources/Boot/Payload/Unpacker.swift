import Platform

/// Makes the files of the payload: whole top-level directories and large top-level files in `/oldmem`, if it is given, and all others in
/// this kernel's memory.
struct Unpacker: ~Copyable {
  /// Where they go ("/oldmem"); nil to keep everything in memory.
  private let target: Text?
  private let kept: [Text]
  /// The prefix of paths that stay in memory. It is empty, except in tests.
  private let root: Text
  /// The top-level directories in the target.
  private(set) var moved: [Text] = []
  /// The top-level files in the target.
  private var movedFiles: [Text] = []
  /// The first path of each file with several names, in memory and in the target.
  private var linked: [LinkedFile] = []

  private struct LinkedFile {
    let inode: UInt64
    let device: UInt64
    let path: Text
    let isInTarget: Bool

    func isSame(as entry: ArchiveEntry) -> Bool {
      inode == entry.inode && device == UInt64(entry.deviceMajor) << 32 | UInt64(entry.deviceMinor)
    }
  }

  init(into target: Text?, keeping kept: [Text], root: Text = Text()) {
    self.target = target
    self.kept = kept
    self.root = root
  }

  mutating func unpack(_ stream: inout ArchiveStream) throws(FileTreeError) {
    while let entry = try ArchiveEntry(from: &stream) {
      if entry.path.bytes.isEmpty || isBelowMount(entry) {
        try stream.skip(entry.size + entry.padding)
      } else {
        try make(entry, at: place(of: entry), &stream)
      }
    }
  }

  /// Puts symlinks to the top-level files in the target at their places.
  func linkFiles() throws(FileTreeError) {
    guard let target else { return }
    for name in movedFiles {
      let place = root.appending("/").appending(name)
      remove(place)
      try FileTreeError.naming(place) { () throws(Errno) in try Files.makeSymlink(place, to: target.appending("/").appending(name)) }
    }
  }

  /// Whether it belongs to a directory that is a mount point now. The first stage has its own device nodes.
  private func isBelowMount(_ entry: ArchiveEntry) -> Bool {
    let top = entry.top
    return (top == "dev" || top == "proc" || top == "sys") && top.bytes.count < entry.path.bytes.count
  }

  private mutating func place(of entry: ArchiveEntry) -> Text {
    let top = entry.top
    if let target {
      // An archive lists a directory before its contents.
      if top.bytes.count == entry.path.bytes.count, !staysInMemory(top) {
        if entry.type == .directory { moved.append(top) }
        if isFileToMove(entry) { movedFiles.append(top) }
      }
      if (moved + movedFiles).contains(where: { $0.bytes == top.bytes }) { return target.appending("/").appending(entry.path) }
    }
    return root.appending("/").appending(entry.path)
  }

  /// Whether a top-level entry is a file to move. Of a file with several names the size may not be known yet: only one of them has it. But
  /// in the target it may need no data of its own.
  private func isFileToMove(_ entry: ArchiveEntry) -> Bool {
    entry.type == .regular && !TopLevelFile.isNeeded(entry.path) && (entry.links > 1 || TopLevelFile.savesMemory(Int64(entry.size)))
  }

  private func staysInMemory(_ top: Text) -> Bool {
    // The mount points of other file systems.
    let mountPoints: [Literal] = ["dev", "proc", "sys", "run", "sysroot", "oldmem"]
    return mountPoints.contains { top == $0 } || kept.contains { $0.bytes == top.bytes }
  }

  private mutating func make(_ entry: ArchiveEntry, at path: Text, _ stream: inout ArchiveStream) throws(FileTreeError) {
    guard let type = entry.type else { throw .damaged }
    switch type {
    case .directory:
      try FileTreeError.naming(path) { () throws(Errno) in try Files.makeDirectory(path, mode: 0o700) }
      try stream.skip(entry.size + entry.padding)
    case .symlink:
      var goal = Text()
      goal.append(bytes: try stream.all(entry.size))
      try stream.skip(entry.padding)
      remove(path)
      try FileTreeError.naming(path) { () throws(Errno) in try Files.makeSymlink(path, to: goal) }
    case .regular:
      try makeFile(entry, at: path, &stream)
    case .characterDevice, .blockDevice, .fifo, .socket:
      remove(path)
      let device = DeviceNumber(major: entry.major, minor: entry.minor)
      try FileTreeError.naming(path) { () throws(Errno) in try Files.makeNode(path, mode: entry.mode, device: device) }
      try stream.skip(entry.size + entry.padding)
    }
    try FileTreeError.naming(path) { () throws(Errno) in try Files.setAttributes(entry.attributes, of: path) }
  }

  /// Makes a file, or a link to it. An archive lists each name of a file, and has its data with one of them.
  private mutating func makeFile(_ entry: ArchiveEntry, at path: Text, _ stream: inout ArchiveStream) throws(FileTreeError) {
    let isInTarget = isInTarget(path)
    remove(path)
    if entry.links > 1, let first = linked.first(where: { $0.isSame(as: entry) && $0.isInTarget == isInTarget }) {
      try FileTreeError.naming(path) { () throws(Errno) in try Files.makeLink(path, to: first.path) }
      if entry.size == 0 { return }
    } else if entry.links > 1 {
      let device = UInt64(entry.deviceMajor) << 32 | UInt64(entry.deviceMinor)
      linked.append(LinkedFile(inode: entry.inode, device: device, path: path, isInTarget: isInTarget))
    }
    let file = try FileTreeError.naming(path) { () throws(Errno) in
      try FileDescriptor.open(path, flags: FileDescriptor.writeOnly | FileDescriptor.create, mode: 0o600)
    }
    try write(entry.size, to: file, path, &stream)
    try stream.skip(entry.padding)
    if entry.links > 1, let other = linked.first(where: { $0.isSame(as: entry) && $0.isInTarget != isInTarget }) {
      try share(entry, path, with: other.path)
    }
  }

  /// Gives a file the same data on both file systems, since no link leads from one to another (EXDEV): that of this entry, or that of an
  /// entry before.
  private func share(_ entry: ArchiveEntry, _ path: Text, with other: Text) throws(FileTreeError) {
    var tree = TreeCopy()
    guard entry.size > 0 else {
      _ = try tree.copyData(other, to: path)
      return
    }
    _ = try tree.copyData(path, to: other)
    try FileTreeError.naming(other) { () throws(Errno) in try Files.setAttributes(entry.attributes, of: other) }
  }

  private func isInTarget(_ path: Text) -> Bool { target.map { path.bytes.starts(with: $0.appending("/").bytes) } ?? false }

  private func write(
    _ size: Int, to file: borrowing FileDescriptor, _ path: Text, _ stream: inout ArchiveStream
  ) throws(FileTreeError) {
    var offset = 0
    while offset < size {
      let piece = try stream.next(size - offset)
      guard !piece.isEmpty else { throw .damaged }
      let error = piece.withUnsafeBytes { buffer -> Errno? in
        do throws(Errno) { try file.write(buffer, at: UInt64(offset)) } catch { return error }
        return nil
      }
      if let error { throw .failed(path, error) }
      offset += piece.count
    }
  }

  /// Removes a file in the way: the first stage's `/init`, or one of an earlier attempt.
  private func remove(_ path: Text) { try? Files.remove(path) }
}
