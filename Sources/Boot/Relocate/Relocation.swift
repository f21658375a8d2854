import Platform

/// The move itself: each directory is copied, checked, covered by a bind mount of its copy, and then emptied underneath.
///
/// What was there stays reachable, while it is emptied, through a bind mount of the root without the file systems mounted on it.
struct Relocation {
  struct Outcome {
    var moved: [Text] = []
    var skipped: [(directory: Text, reason: Text)] = []
    /// Bytes of files that were moved.
    var bytes: UInt64 = 0
  }

  private let target: Text
  private let kept: [Text]
  /// The root as it is under all mounts.
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
      guard (try? FileStatus(of: root.joined(name)))?.type == .directory else { continue }
      if let reason = reasonToStay(name, place, mounts) {
        if !reason.bytes.isEmpty { outcome.skipped.append((place, reason)) }
        continue
      }
      do throws(FileTreeError) {
        outcome.bytes += try move(name, to: place)
        outcome.moved.append(place)
      } catch {
        outcome.skipped.append((place, error.text))
      }
    }
    return outcome
  }

  /// Why a directory can't be moved; empty if it holds nothing that would be worth a word, nil if it can.
  private func reasonToStay(_ name: Text, _ place: Text, _ mounts: [MountTable.Entry]) -> Text? {
    if name.isWord(of: "dev proc sys run") || place.bytes == target.bytes { return Text() }
    if kept.contains(where: { $0.bytes == name.bytes }) { return Text("--keep") }
    let below = place.bytes + [UInt8(ascii: "/")]
    if let mount = mounts.first(where: { $0.place.bytes == place.bytes || $0.place.bytes.starts(with: below) }) {
      return Text("a file system is mounted on ").appending(mount.place)
    }
    if Files.names(in: root.joined(name)).isEmpty { return Text() }
    return OpenFiles.reasonToStay(place)
  }

  /// Bytes moved.
  private func move(_ name: Text, to place: Text) throws(FileTreeError) -> UInt64 {
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
    // From here on nobody reaches the old files by name; the directory itself stays, as the mount's place.
    TreeRemoval.empty(old)
    return tree.bytes
  }

  private func bindRoot() throws(Failure) {
    do throws(Errno) {
      try Files.makeDirectory(root, mode: 0o700)
      try Mounts.bind(Text("/"), at: root)
      // systemd shares the root's mounts: what is mounted on a directory would cover it here, too, and go with this.
      try Mounts.makePrivate(root)
    } catch {
      unbindRoot()
      throw Failure("can't see what lies under the mounts of the root: %", error.text)
    }
  }

  private func unbindRoot() {
    try? Mounts.detach(root)
    try? Files.removeDirectory(root)
  }
}

extension Text {
  /// A path with a name after it.
  @inline(never)
  func joined(_ name: Text) -> Text {
    var path = self
    if path.bytes.last != UInt8(ascii: "/") { path.append("/") }
    path.append(name)
    return path
  }
}
