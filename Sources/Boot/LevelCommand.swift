import CrashedKernel
import Platform

/// `oldmemfs level [ROOT]`: prints the dump level that the configuration below ROOT takes its dumps at, when an initramfs is built.
/// The rules are the mount's own, which can't read these files before the initramfs is unpacked; SUSE's file is known here alone.
enum LevelCommand {
  static func run(_ words: [Text]) -> Int32 {
    let root = words.first ?? Text()
    var text = Text()
    text.append(level(below: root).rawValue)
    text.append("\n")
    do throws(Errno) { try StandardOutput.write(text) } catch { return 1 }
    return 0
  }

  static func level(below root: Text) -> DumpLevel {
    let kdumpConf = FileDescriptor.configuration(root.appending("/etc/kdump.conf"))
    let kdumpTools = FileDescriptor.configuration(root.appending("/etc/default/kdump-tools"))
    let suse = FileDescriptor.configuration(root.appending("/etc/sysconfig/kdump"))
    // Fedora has a file of the same name as SUSE's, without levels, beside kdump.conf.
    guard let suse, kdumpConf == nil, kdumpTools == nil else { return DumpLevel(kdumpConf: kdumpConf, kdumpTools: kdumpTools) }
    return suseLevel(suse)
  }

  /// `KDUMP_DUMPLEVEL` of a file of shell assignments (kdump(5) of SUSE): a number, with or without quotes.
  private static func suseLevel(_ file: [UInt8]) -> DumpLevel {
    var level = DumpLevel.unknown
    var text = Text()
    text.append(bytes: file)
    for line in text.split(UInt8(ascii: "\n")) {
      guard let value = line.value(of: "KDUMP_DUMPLEVEL=") else { continue }
      var digits = Text()
      digits.append(bytes: value.bytes.filter { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") })
      if let number = digits.number(), number <= 31 { level = DumpLevel(rawValue: UInt32(number)) } else { level = .unknown }
    }
    return level
  }
}
