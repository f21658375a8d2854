import Platform

/// Moves what is at the top of the root. A directory is copied, covered by a bind mount of the copy, and the files underneath are removed.
/// A large file is copied, and replaced by a symlink to the copy (`TopLevelFile`).
///
/// The files underneath are reached through a bind mount of the root, which leaves out the file systems that are mounted on it.
struct Relocation {
  struct Outcome {
    var moved: [Text] = []
    var skipped: [(place: Text, reason: Text)] = []
    /// The bytes of file data moved.
    var bytes: UInt64 = 0
  }

  private let target: Text
  private let kept: [Text]
  /// The root, without the file systems mounted on it.
  private let root = Text("/run/oldmemfs-root")

  init(to target: Text, keeping kept: [Text]) {
    self.target = target
    self.kept = kept
  }

  func run() throws(Failure) -> Outcome {
    let mounts = MountTable.read()
    guard mounts.contains(where: { $0.place.bytes == target.bytes && $0.type == "fuse.oldmemfs" }) else {
      throw Failure("%: no oldmemfs is mounted there", target)
    }
    try bindRoot()
    defer { unbindRoot() }
    var outcome = Outcome()
    for name in Files.names(in: root) {
      let place = Text("/").joined(name)
      guard let status = try? FileStatus(of: root.joined(name)), isMovable(name, status) else { continue }
      if let reason = reasonToStay(name, place, status, mounts) {
        if !reason.bytes.isEmpty { outcome.skipped.append((place, reason)) }
        continue
      }
      do throws(FileTreeError) {
        outcome.bytes += try status.type == .directory ? moveDirectory(name, place) : moveFile(name, place)
        outcome.moved.append(place)
      } catch {
        outcome.skipped.append((place, error.text))
      }
    }
    return outcome
  }

  private func isMovable(_ name: Text, _ status: FileStatus) -> Bool {
    switch status.type {
    case .directory: true
    case .regular: TopLevelFile.savesMemory(status.size) && !TopLevelFile.isNeeded(name)
    default: false
    }
  }

  /// Why a directory or a file can't be moved; nil if it can. An empty text is a reason that needs no report.
  private func reasonToStay(_ name: Text, _ place: Text, _ status: FileStatus, _ mounts: [MountTable.Entry]) -> Text? {
    if name.isWord(of: "dev proc sys run") || place.bytes == target.bytes { return Text() }
    if kept.contains(where: { $0.bytes == name.bytes }) { return Text("it is to be kept") }
    let below = place.bytes + [UInt8(ascii: "/")]
    if let mount = mounts.first(where: { $0.place.bytes == place.bytes || $0.place.bytes.starts(with: below) }) {
      return Text("a file system is mounted on ").appending(mount.place)
    }
    if status.type == .directory, Files.names(in: root.joined(name)).isEmpty { return Text() }
    return OpenFiles.reasonToStay(place)
  }

  /// Moves a directory. Returns the bytes of file data.
  private func moveDirectory(_ name: Text, _ place: Text) throws(FileTreeError) -> UInt64 {
    let old = root.joined(name)
    let copy = target.joined(name)
    var tree = TreeCopy()
    do throws(FileTreeError) {
      try tree.copy(old, to: copy)
      try FileTreeError.naming(place) { () throws(Errno) in try Mounts.bind(copy, at: place) }
    } catch {
      TreeRemoval.remove(copy)
      throw error
    }
    // The old files have no path any more. The directory stays, as the mount point.
    TreeRemoval.empty(old)
    return tree.bytes
  }

  /// Moves a file. Returns its bytes. What has it open keeps the old file.
  private func moveFile(_ name: Text, _ place: Text) throws(FileTreeError) -> UInt64 {
    let copy = target.joined(name)
    let link = root.joined(Text("oldmemfs.link"))
    // Nothing of somebody else's is written over.
    guard (try? FileStatus(of: copy)) == nil else { throw .failed(copy, .exists) }
    var tree = TreeCopy()
    do throws(FileTreeError) {
      try tree.copy(root.joined(name), to: copy)
      try FileTreeError.naming(place) { () throws(Errno) in
        try Files.makeSymlink(link, to: copy)
        try Files.rename(link, to: root.joined(name))
      }
    } catch {
      try? Files.remove(link)
      try? Files.remove(copy)
      throw error
    }
    return tree.bytes
  }

  private func bindRoot() throws(Failure) {
    do throws(Errno) {
      try Files.makeDirectory(root, mode: 0o700)
      try Mounts.bind(Text("/"), at: root)
      // systemd makes the root's mounts shared: a later mount on a directory would appear here, too, and go with this one.
      try Mounts.makePrivate(root)
    } catch {
      unbindRoot()
      throw Failure("can't reach the files under the root's mounts: %", error.text)
    }
  }

  private func unbindRoot() {
    try? Mounts.detach(root)
    try? Files.removeDirectory(root)
  }
}

extension Text {
  /// A path with another component.
  @inline(never)
  func joined(_ name: Text) -> Text {
    var path = self
    if path.bytes.last != UInt8(ascii: "/") { path.append("/") }
    path.append(name)
    return path
  }
}
