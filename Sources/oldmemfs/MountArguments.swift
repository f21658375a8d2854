import CrashedKernel
import FuseServer
import OldMemory
import Platform

/// What `oldmemfs SOURCE DIR [-o OPTIONS] [-f]` says.
final class MountArguments {
  var source = Text()
  var directory = Text()
  var foreground = false
  var size: Size?
  var inodes: UInt64?
  var mode: UInt32 = 0o1777
  var uid: UInt32 = 0
  var gid: UInt32 = 0
  let memory = MemoryArguments()
  /// A mount that is there is to be changed.
  var isRemount = false
  /// Options that are the kernel's, not ours.
  var flags: [Text] = []
  var keepsAccessTimes: Bool { !flags.contains { $0 == "noatime" } }

  /// Parses the words; what is wrong with them otherwise.
  init(_ words: [Text]) throws(Failure) {
    guard let parsed = OptionParser.parse(words) else { throw Failure(usage: "the options can't be parsed") }
    for option in parsed.options { try take(option) }
    let operands = parsed.operands
    guard operands.count == 2 else { throw operands.count < 2 ? Failure(usage: "a SOURCE and a DIR are needed") : .unexpected(operands[2]) }
    source = operands[0]
    directory = operands[1]
    if source == "scratch", !isRemount { try checkScratchSize() }
  }

  /// Scratch memory has no size of its own.
  private func checkScratchSize() throws(Failure) {
    guard case .absolute(let bytes)? = size, bytes >= 4096 else { throw Failure(usage: "scratch memory needs -o size=N[k|m|g], of a page at the least") }
  }

  private func take(_ option: Text) throws(Failure) {
    if option == "f" {
      foreground = true
    } else if option == "remount" {
      isRemount = true
    } else if let value = option.value(of: "size=") {
      guard let parsed = Size(value) else { throw .badValue(in: option) }
      size = parsed
    } else if let value = option.value(of: "nr_inodes=") {
      guard case .absolute(let count)? = Size(value) else { throw .badValue(in: option) }
      inodes = count
    } else if let value = option.value(of: "mode=") {
      mode = UInt32(try number(value, of: option, radix: 8, limit: 0o7777))
    } else if let value = option.value(of: "uid=") {
      uid = UInt32(try number(value, of: option, radix: 10, limit: UInt64(UInt32.max) - 1))
    } else if let value = option.value(of: "gid=") {
      gid = UInt32(try number(value, of: option, radix: 10, limit: UInt64(UInt32.max) - 1))
    } else if try !memory.take(option), try !takeGeneric(option) {
      throw .unknown(option)
    }
  }

  private func number(_ value: Text, of option: Text, radix: UInt64, limit: UInt64) throws(Failure) -> UInt64 {
    guard let number = value.number(radix: radix), number <= limit else { throw .badValue(in: option) }
    return number
  }

  /// Options that every file system takes; true if it was one.
  private func takeGeneric(_ option: Text) throws(Failure) -> Bool {
    if option.isWord(of: "ro rw suid nosuid dev nodev exec noexec sync async dirsync atime noatime") {
      flags.append(option)
      return true
    }
    // Those of mount(8) and fstab(5), which mean nothing to a mounted file system, and those that always hold here.
    return option.isWord(of: "defaults auto noauto user nouser users _netdev nofail relatime norelatime strictatime nodiratime")
      || option.isWord(of: "diratime allow_other default_permissions mand nomand") || option.hasPrefix("x-") || option.hasPrefix("X-")
      || option.hasPrefix("comment=") || option.hasPrefix("subtype=")
      // What /proc/mounts shows of a FUSE mount, which mount(8) passes on to a remount.
      || option.hasPrefix("user_id=") || option.hasPrefix("group_id=") || option.hasPrefix("rootmode=")
      || option.hasPrefix("max_read=") || option.hasPrefix("blksize=")
  }
}

/// Options about old memory, which `mount` and `scan` share.
final class MemoryArguments {
  var level: UInt32?
  var reuse: DumpLevel?
  var way: StoreWay?
  var vmcore: Text?
  var device: Text?
  var checksums = true

  /// Takes an option; false if it is none of these.
  @inline(never)
  func take(_ option: Text) throws(Failure) -> Bool {
    if let value = option.value(of: "level=") {
      guard let number = value.number(), number <= 31 else { throw .badValue(in: option) }
      level = UInt32(number)
    } else if let value = option.value(of: "reuse=") {
      guard take(reuse: value) else { throw .badValue(in: option) }
    } else if let value = option.value(of: "store=") {
      if value == "devmem" { way = .device } else if value == "vmcore" { way = .vmcore } else { throw .badValue(in: option) }
    } else if let value = option.value(of: "vmcore=") {
      vmcore = value
    } else if let value = option.value(of: "devmem=") {
      device = value
    } else if option == "nochecksum" {
      checksums = false
    } else if option == "checksum" {
      checksums = true
    } else {
      return false
    }
    return true
  }
}

/// What is often wrong with a command line.
extension Failure {
  static func unexpected(_ word: Text) -> Failure { Failure(usage: "unexpected word '%'", word) }
  static func unknown(_ option: Text) -> Failure { Failure(usage: "unknown option '%'", option) }
  static func badValue(in option: Text) -> Failure { Failure(usage: "the value in '%' makes no sense", option) }
}
