import Platform
import RunningKernel

/// The end of a capture kernel whose programs are in old memory, in place of systemd's last program.
///
/// systemd-shutdown locks itself and all of its libraries in memory before it syncs anything (`mlockall`, main() in
/// src/shutdown/shutdown.c). With systemd 257 these are 19 MiB, which a small reservation does not have: the kernel panics, and a dump that
/// was renamed and not synced is lost. This program is in memory already. It does the same in the same order: sync, end all processes,
/// unmount, sync, and leave the kernel.
///
/// It does not stop MD arrays, since the kernel does (`md_notify_reboot`, drivers/md/md.c), nor remove device mapper's tables, which hold
/// nothing back after a sync.
enum Shutdown {
  /// How process 1 names systemd's last program.
  private static var systemdPath: Text { Text("/usr/lib/systemd/systemd-shutdown") }

  /// Has systemd run this program at its end, if the files below `root` have systemd.
  static func replaceSystemd(in root: Text) {
    let path = root.appending(systemdPath)
    guard Files.exists(path) else { return }
    do throws(Errno) {
      try Files.remove(path)
      try Files.makeSymlink(path, to: Boot.programPath)
    } catch { Log.line(Text("systemd-shutdown stays, and may need more memory than there is: %", error.text)) }
  }

  /// Ends this kernel as process 1, by the first word: `reboot`, `poweroff` or `halt`; any other is a reboot. Returns only on failure.
  static func run(_ words: [Text]) -> Int32 {
    Log.switchToKernel()
    let action = FailureAction(words.first ?? Text())
    Log.line(Text("the capture ends: %", Text(action.name)))
    syncWhileItHelps()
    OtherProcesses.end()
    unmountAll()
    syncWhileItHelps()
    CaptureKernel.end(action)
    return 1
  }

  /// Syncs for as long as less is left to write after each 10 seconds, as systemd does: a server may never answer again.
  private static func syncWhileItHelps() {
    guard let child = ChildProcess.start({ Files.sync() }) else { return Files.sync() }
    var left = MemoryAmounts.unwritten()
    while child.end(within: 10) == nil {
      let now = MemoryAmounts.unwritten()
      guard now < left else { return Log.line(Text("% KiB can't be written", now)) }
      left = now
    }
  }

  /// Unmounts what has a disk or a server behind it, the last mount first. What is in use can only be read after this.
  private static func unmountAll() {
    for mount in MountTable.read().reversed() where mount.keepsDumps {
      let child = ChildProcess.start { ThisProcess.end(code: unmount(mount.place) ? 0 : 1) }
      Log.line(Text(child?.end(within: 10) == .exited(code: 0) ? "% is unmounted" : "% can't be unmounted", mount.place))
    }
  }

  private static func unmount(_ place: Text) -> Bool {
    do throws(Errno) {
      try Mounts.unmount(place)
      return true
    } catch {
      try? Mounts.makeReadOnly(place)
      return false
    }
  }
}

extension MountTable.Entry {
  /// Whether it may be a disk's or a server's: not old memory, nor a file system of the kernel's own.
  fileprivate var keepsDumps: Bool {
    guard let top = place.dropping(1).split(UInt8(ascii: "/")).first, !top.bytes.isEmpty else { return false }
    return !top.isWord(of: "proc sys dev run") && !type.isWord(of: "fuse.oldmemfs tmpfs ramfs")
  }
}
