import FuseServer
import Platform
import RunningKernel

/// `oldmemfs memmap`: what the capture kernel's command line needs so that old memory can become its RAM.
///
/// Kdump's configuration runs it when the capture kernel is loaded, and goes on whatever comes of it: where nothing can be done that is
/// no failure.
enum MemmapCommand {
  static func run(_ words: [Text]) throws(Failure) -> ExitCode {
    let parsed = try OptionParser.parse(words, valued: ["--check", "--kernel", "--room", "--iomem"])
    if let operand = parsed.operands.first { throw .unexpected(operand) }
    var check: Text?
    var release = contents("/proc/sys/kernel/osrelease").split(UInt8(ascii: "\n")).first ?? Text()
    var room = defaultRoom
    var listing = Text("/proc/iomem")
    for option in parsed.options {
      if let value = option.value(of: "check=") {
        check = value
      } else if let value = option.value(of: "kernel="), !value.bytes.isEmpty {
        release = value
      } else if let value = option.value(of: "room=")?.number() {
        room = Int(clamping: value)
      } else if let value = option.value(of: "iomem="), !value.bytes.isEmpty {
        listing = value
      } else {
        throw .unknown(option)
      }
    }
    if let check { return try self.check(check, try map(listing)) }
    if let obstacle = obstacle(release) { return nothing(obstacle) }
    let map: MemoryMap
    do throws(Failure) { map = try self.map(listing) } catch { return nothing(error.message) }
    guard !map.reservations.isEmpty else { return nothing(Text("no memory is reserved by crashkernel=")) }
    let reservation = SoftReservation(of: map, room: room)
    guard !reservation.ranges.isEmpty else { return nothing(Text("the command line has % bytes of room left, which is not enough for a word", UInt64(room))) }
    if reservation.omittedRanges > 0 {
      Log.line(Text("the command line has no room for % MiB of memory in % more ranges", reservation.omittedBytes >> 20, reservation.omittedRanges))
    }
    return try Usage.output(reservation.words.appending("\n"))
  }

  private static func nothing(_ why: Text) -> ExitCode {
    Log.line(Text("no memory for the capture kernel: %", why))
    return .success
  }

  /// Why the capture kernel could do nothing with soft-reserved memory; nil if it can.
  private static func obstacle(_ release: Text) -> Text? {
    guard let modules = KernelModules(of: release) else { return Text("/lib/modules/% has no list of modules", release) }
    for name in ["dax_hmem", "kmem"] as [Literal] where !modules.contains(name) {
      return Text("kernel % has no module %", release, Text(name))
    }
    guard isLentMemoryKnown else { return Text("crashkernel=…,cma lends memory at places that only kernels from 7.0 on tell") }
    return nil
  }

  /// Whether it is known what `crashkernel=…,cma` lends: the capture kernel has that as RAM from the start.
  private static var isLentMemoryKnown: Bool {
    if !lent.bytes.isEmpty { return true }
    for word in contents("/proc/cmdline").split(UInt8(ascii: " ")) where word.hasPrefix("crashkernel=") {
      for part in word.split(UInt8(ascii: ",")) where part.hasPrefix("cma") { return false }
    }
    return true
  }

  private static var lent: Text { contents("/sys/kernel/kexec/crash_cma_ranges") }

  private static func check(_ words: Text, _ map: MemoryMap) throws(Failure) -> ExitCode {
    var isWrong = false
    let count = SoftReservation.check(words, map) { word in
      Log.line(word.text)
      isWrong = true
    }
    if isWrong { return .failure }
    guard count > 0 else { throw Failure("no word among these reserves memory: 'oldmemfs memmap' prints those that would") }
    return .success
  }

  private static func map(_ path: Text) throws(Failure) -> MemoryMap {
    guard let map = MemoryMap(contents(path), lent: lent) else { throw Failure("% shows no memory; only root can see it", path) }
    return map
  }

  /// `COMMAND_LINE_SIZE` is 2048 with the NUL (arch/x86/include/asm/setup.h), the kernel adds `elfcorehdr=` in up to 30 bytes
  /// (`MAX_ELFCOREHDR_STR_LEN`, arch/x86/kernel/kexec-bzimage64.c), and kdump starts from this kernel's line and adds words of its own:
  /// kdump-utils 1.0.61 some 200 bytes.
  private static var defaultRoom: Int { max(0, 2047 - 30 - 256 - contents("/proc/cmdline").bytes.count) }

  @inline(never)
  private static func contents(_ path: Literal) -> Text { contents(Text(path)) }

  /// A file's contents; nothing if it can't be read.
  @inline(never)
  private static func contents(_ path: Text) -> Text {
    do throws(Errno) {
      return Text(bytes: try FileDescriptor.open(path, flags: FileDescriptor.readOnly).contents(limit: 1 << 20))
    } catch { return Text() }
  }
}
