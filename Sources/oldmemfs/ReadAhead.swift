import CPlatform
import Platform

/// How far the kernel reads ahead of what is asked for: 128 KiB unless told, in which mapped programs are read eight times
/// slower than in requests of 1 MiB.
enum ReadAhead {
  /// Sets it for the file system that is mounted on a directory. Where that can't be done it is as slow as before.
  ///
  /// The device's number comes from /proc: the process that serves a mount must not look at it by stat(2).
  static func raise(for directory: Text) {
    do throws(Errno) {
      let mounts = try FileDescriptor.open(Text("/proc/self/mountinfo"), flags: FileDescriptor.readOnly)
      guard let device = device(of: directory, in: try mounts.contents(limit: 1 << 15)) else { return }
      var path = Text("/sys/class/bdi/")
      path.append(device)
      path.append("/read_ahead_kb")
      let setting = try FileDescriptor.open(path, flags: O_WRONLY)
      try setting.write(Text("1024"))
    } catch {}
  }

  /// Words of a line of mountinfo: an identity, the parent's, MAJOR:MINOR, the root, the mount point (proc_pid_mountinfo(5)).
  private static var deviceWord: Int { 2 }
  private static var pointWord: Int { 4 }

  /// MAJOR:MINOR of the last mount on a directory. A path with a blank in it is written otherwise there, and not found.
  private static func device(of directory: Text, in mounts: [UInt8]) -> Text? {
    var device: Text?
    for line in mounts.split(separator: UInt8(ascii: "\n")) {
      let words = line.split(separator: UInt8(ascii: " "), maxSplits: pointWord + 1)
      guard words.count > pointWord, words[pointWord].elementsEqual(directory.bytes) else { continue }
      var text = Text()
      text.append(bytes: words[deviceWord])
      device = text
    }
    return device
  }
}
