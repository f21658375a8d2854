import CrashedKernel
import Platform

/// The dump level that frames are chosen for: what is said, else what the capture's own configuration says.
extension MemoryArguments {
  /// What `level=` and `reuse=` say, both together; nil if neither is given.
  var namedLevel: DumpLevel? {
    let level = level.map { DumpLevel(rawValue: $0) }
    guard let reuse else { return level }
    return level.map { $0.intersection(reuse) } ?? reuse
  }

  /// The level for a mount.
  var dumpLevel: DumpLevel {
    namedLevel
      ?? DumpLevel(
        kdumpConf: FileDescriptor.configuration(Text("/etc/kdump.conf")),
        kdumpTools: FileDescriptor.configuration(Text("/etc/default/kdump-tools")))
  }

  /// Takes the value of `reuse=`: the classes up to which frames are taken, in the order in which they are; false if it is
  /// none.
  func take(reuse value: Text) -> Bool {
    if value == "free" {
      reuse = .free
    } else if value == "cache" {
      reuse = [.free, .cache, .privateCache]
    } else if value == "user" {
      reuse = [.free, .cache, .privateCache, .user]
    } else {
      return false
    }
    return true
  }
}
