import Platform

/// The mount units that systemd makes of this program's mounts.
///
/// When systemd ends in order (`systemctl reboot`, `halt`), it unmounts all of them at once but `/usr` and `/etc` (`fstab_is_extrinsic`,
/// src/shared/fstab-util.c of systemd 257). Each unmount is a process that first loads systemd's libraries, of which more than 1 MiB is its
/// own. With 88 MiB reserved, six of these took 7 MiB and left 1 MiB for the pages of programs, which were then read from old memory again
/// and again: the capture did not come to its end in minutes. `Shutdown` needs none of these mounts to be gone.
enum MountUnits {
  private static var directory: Text { Text("/etc/systemd/system") }

  /// Has systemd leave the mounts at these places as they are: without default dependencies, a unit does not conflict with
  /// `umount.target`. `/etc` must be in place.
  ///
  /// These are whole units and not drop-ins: what a service needs (`RequiresMountsFor=/var`) is loaded before the mount is seen, and then
  /// without drop-ins; and systemd has a unit of its own for `/tmp`.
  static func keepMounted(_ places: [Text]) {
    guard Files.exists(Text("/usr/lib/systemd/systemd")) else { return }
    do throws(Errno) {
      try Files.makeDirectory(Text("/etc/systemd"), mode: 0o755)
      try Files.makeDirectory(directory, mode: 0o755)
      for place in places { try writeUnit(for: place) }
    } catch { Log.line(Text("systemd will unmount old memory at its end, which needs more memory: %", error.text)) }
  }

  private static func writeUnit(for place: Text) throws(Errno) {
    let path = Text("%/%", directory, name(of: place))
    // One of the image's own is left as it is.
    guard !Files.exists(path) else { return }
    try FileDescriptor.open(path, flags: FileDescriptor.writeOnly | FileDescriptor.create, mode: 0o644)
      .write(Text("[Unit]\nDefaultDependencies=no\n[Mount]\nWhat=oldmem\nWhere=%\n", place))
  }

  /// The name of a mount's unit: without the first slash, others as '-', and each byte but letters, digits, ':', '_' and '.' (not as the
  /// first) as \xHH (systemd.unit(5), "String escaping").
  static func name(of place: Text) -> Text {
    var name = Text()
    for byte in place.dropping(1).bytes {
      if byte == UInt8(ascii: "/") {
        name.append("-")
      } else if isPlain(byte) && !(name.bytes.isEmpty && byte == UInt8(ascii: ".")) {
        name.append(byte: byte)
      } else {
        name.append("\\x")
        for digit in [byte >> 4, byte & 15] { name.append(byte: digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10) }
      }
    }
    name.append(".mount")
    return name
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
