import Platform
import RunningKernel
import SwapSpace

/// RAM that is added, and swap that is turned on, before anything else starts, by the program's own commands (`oldmemfs ram`, `oldmemfs swap`).
/// What is unpacked into RAM needs no daemon, and the kernel itself has room.
enum AddedMemory {
  /// What has to be left for the capture beside the payload, in bytes, for it to be unpacked into memory.
  private static var leastBeside: UInt64 { 128 << 20 }

  /// Makes regions of the memory that was left to this kernel, of which nobody has anything yet. Udev would load the module, too, and without
  /// this parameter (it may not be on the command line) all of that memory would become RAM, and what the dump needs with it.
  static func keepIdle() {
    if SoftReservation.isInForce { CaptureKernel.load("dax_hmem", parameters: "region_idle=1") }
  }

  /// Adds what can be; what can't is a line of the command's in the log, and the capture goes on without it.
  static func add(_ settings: BootSettings) {
    guard !settings.ram.bytes.isEmpty, SoftReservation.isInForce, !CaptureKernel.addsNoRAM else { return }
    CaptureKernel.load("kmem")
    _ = run([Text("oldmemfs"), Text("ram"), settings.ram, Text("-o"), settings.reuseOptions], within: settings.mountSeconds)
  }

  /// Turns on swap in what the command line left for it. A program that needs more memory than there is then gets it, and the files of a tmpfs
  /// can leave memory.
  static func swap(_ settings: BootSettings) {
    let ranges = SwapReservation.inForce
    guard !settings.swap.bytes.isEmpty, !ranges.isEmpty else { return }
    for module in ["libnvdimm", "nd_e820"] as [Literal] { CaptureKernel.load(module) }
    PmemNamespace.makeRaw(ranges)
    for module in ["nd_btt", "nd_pmem", "dm-mod"] as [Literal] { CaptureKernel.load(module) }
    _ = run([Text("oldmemfs"), Text("swap"), settings.swap, Text("-o"), settings.reuseOptions], within: settings.mountSeconds)
  }

  /// Whether there is room for the payload in memory, and for the capture beside it.
  static func holds(_ settings: BootSettings) -> Bool {
    guard let unpacked = settings.unpacked, let map = MemoryMap.current, !map.added.isEmpty else { return false }
    let available = MemoryAmounts().available << 10
    guard available < unpacked + leastBeside else { return true }
    Log.line(Text("% MiB are available: too few for the initramfs", available >> 20))
    return false
  }

  /// Mounts `/oldmem` for whoever wants to put something there. Nothing runs from it, so that nobody has to watch the daemon.
  static func mountForStaging(_ settings: BootSettings) {
    CaptureKernel.loadForMount()
    try? Files.makeDirectory(Boot.target, mode: 0o755)
    let options = BootSettings.options(level: settings.level, settings.mountOptions)
    // '@' spares a process when systemd ends all others (https://systemd.io/ROOT_STORAGE_DAEMONS).
    if !run([Text("@oldmemfs"), Text("oldmem"), Boot.target, Text("-o"), options], within: settings.mountSeconds) {
      Log.line("/oldmem is not mounted: nothing can be staged there")
      _ = run([Text("oldmemfs"), Text("record"), Text("--to"), GivenUp.recordPath], within: 5)
    }
  }

  /// Runs the program with these words; true if it says that all went well.
  private static func run(_ words: [Text], within seconds: Int32) -> Bool {
    do throws(Errno) {
      switch try ChildProcess.fork() {
      case .child:
        Log.becomeStandardError()
        Boot.execute(Boot.programPath, words)
      case .parent(let child):
        if let end = child.end(within: Int(seconds)) { return end == .exited(code: 0) }
        Log.line("it takes too long, and is given up")
        child.kill()
        return false
      }
    } catch {
      Log.line(Text("can't start the program: %", error.text))
      return false
    }
  }
}
