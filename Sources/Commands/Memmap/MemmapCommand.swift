import FuseServer
import Platform
import RunningKernel

/// `oldmemfs memmap`: words for the capture kernel's command line that leave this kernel's memory to device dax there.
///
/// Kdump's configuration runs it when the capture kernel is loaded, and goes on whatever comes of it: where nothing can be done that is
/// no failure.
enum MemmapCommand {
  static func run(_ words: [Text]) throws(Failure) -> ExitCode {
    let parsed = try OptionParser.parse(words, valued: ["--check", "--kernel", "--room", "--iomem", "--swap"])
    if let operand = parsed.operands.first { throw .unexpected(operand) }
    var check: Text?
    var release: Text?
    var givenRoom: Int?
    var swap: UInt64 = 0
    var listing = Text("/proc/iomem")
    for option in parsed.options {
      if let value = option.value(of: "check=") {
        check = value
      } else if let value = option.value(of: "kernel="), !value.bytes.isEmpty {
        release = value
      } else if let value = option.value(of: "room=")?.number() {
        givenRoom = Int(clamping: value)
      } else if let value = option.value(of: "swap="), case .absolute(let bytes)? = Size(value) {
        swap = bytes
      } else if let value = option.value(of: "iomem="), !value.bytes.isEmpty {
        listing = value
      } else {
        throw .unknown(option)
      }
    }
    let lent = Files.contents(of: Text("/sys/kernel/kexec/crash_cma_ranges"))
    if let check { return try self.check(check, try map(listing, lent)) }
    let line = Files.contents(of: Text("/proc/cmdline"))
    if let obstacle = obstacle(release ?? runningRelease, line, lent) { return nothing(obstacle) }
    let map: MemoryMap
    do throws(Failure) { map = try self.map(listing, lent) } catch { return nothing(error.message) }
    guard !map.reservations.isEmpty else { return nothing(Text("no memory is reserved by crashkernel=")) }
    let room = givenRoom ?? roomBeside(line)
    if swap > 0, let missing = missing(["nd_e820", "nd_pmem", "dm-mod"], release ?? runningRelease) {
      Log.line(Text("no memory to swap to: %", missing))
      swap = 0
    }
    let reservation = SoftReservation(of: map, room: room, swap: swap, hasDIMMs: hasDIMMs)
    guard !reservation.ranges.isEmpty else {
      return nothing(Text("the command line has % bytes of room left, which is not enough for a word", UInt64(room)))
    }
    if reservation.omittedRanges > 0 {
      Log.line(
        Text("the command line has no room for % MiB of memory in % more ranges", reservation.omittedBytes >> 20, reservation.omittedRanges)
      )
    }
    return try Usage.output(reservation.words.appending("\n"))
  }

  /// Whether ACPI has a memory device (`ACPI_MEMORY_DEVICE_HID`, drivers/acpi/acpi_memhotplug.c).
  private static var hasDIMMs: Bool { Files.names(in: Text("/sys/bus/acpi/devices")).contains { $0.hasPrefix("PNP0C80:") } }

  private static func nothing(_ why: Text) -> ExitCode {
    Log.line(Text("no memory for the capture kernel: %", why))
    return .success
  }

  /// Which of these modules, by the names of their files, a kernel does not have; nil if it has them all.
  private static func missing(_ names: [Literal], _ release: Text) -> Text? {
    guard let modules = KernelModules(of: release) else { return Text("/lib/modules/% has no list of modules", release) }
    for name in names where !modules.contains(name) { return Text("kernel % has no module %", release, Text(name)) }
    return nil
  }

  private static var runningRelease: Text {
    Files.contents(of: Text("/proc/sys/kernel/osrelease")).split(UInt8(ascii: "\n")).first ?? Text()
  }

  /// Why the capture kernel could do nothing with soft-reserved memory; nil if it can.
  private static func obstacle(_ release: Text, _ line: Text, _ lent: Text) -> Text? {
    if let missing = missing(["dax_hmem", "kmem"], release) { return missing }
    if lent.bytes.isEmpty, lendsMemory(line) {
      return Text("crashkernel=…,cma lends memory at places that only kernels from 7.0 on tell")
    }
    return nil
  }

  /// Whether a command line has `crashkernel=…,cma`: the capture kernel has what that lends as RAM from the start.
  private static func lendsMemory(_ line: Text) -> Bool {
    for word in line.split(UInt8(ascii: " ")) where word.hasPrefix("crashkernel=") {
      for part in word.split(UInt8(ascii: ",")) where part.hasPrefix("cma") { return true }
    }
    return false
  }

  private static func check(_ words: Text, _ map: MemoryMap) throws(Failure) -> ExitCode {
    var isWrong = false
    let count = SoftReservation.check(words, map) { word in
      Log.line(word.text)
      isWrong = true
    }
    if count > 0, !words.contains(word: SoftReservation.idleWord) {
      Log.line(Text("'%' is missing: all of that memory would become RAM, and with it what the dump needs", Text(SoftReservation.idleWord)))
      isWrong = true
    }
    if isWrong { return .failure }
    guard count > 0 else { throw Failure("no word among these reserves memory: 'oldmemfs memmap' prints those that would") }
    return .success
  }

  private static func map(_ path: Text, _ lent: Text) throws(Failure) -> MemoryMap {
    guard let map = MemoryMap(Files.contents(of: path, limit: 1 << 20), lent: lent)
    else { throw Failure("% shows no memory; only root can see it", path) }
    return map
  }

  /// `COMMAND_LINE_SIZE` is 2048 with the NUL (arch/x86/include/asm/setup.h), the kernel adds `elfcorehdr=` in up to 30 bytes
  /// (`MAX_ELFCOREHDR_STR_LEN`, arch/x86/kernel/kexec-bzimage64.c), and kdump starts from this kernel's line and adds words of its own:
  /// kdump-utils 1.0.61 some 200 bytes.
  private static func roomBeside(_ line: Text) -> Int { max(0, 2047 - 30 - 256 - line.bytes.count) }
}
