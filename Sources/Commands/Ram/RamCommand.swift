import CrashedKernel
import DeviceDax
import FuseServer
import Platform
import RunningKernel
import Vmcore

/// `oldmemfs ram [SIZE]`: makes RAM of this kernel's of whole blocks of the crashed kernel's memory.
enum RamCommand {
  static func run(_ words: [Text]) throws(Failure) -> ExitCode {
    let arguments = try RamArguments(words)
    if let vmcore = arguments.vmcore { return try list(arguments, vmcore) }
    let policy = ReusePolicy(level: try arguments.memory.mountLevel())
    try checkKernel()
    let kernel = try CrashedKernel.open(vmcore)
    try kernel.claim(vmcore)
    guard let blocks = MemoryBlocks() else { throw Failure("this kernel can't add memory (CONFIG_MEMORY_HOTPLUG)") }
    let regions = try self.regions(blocks.size)
    let (found, _) = try find(arguments.bytes, kernel, policy, blockSize: blocks.size, in: regions.map { PFN.whole(in: $0.range) })
    return try add(found, to: blocks, from: regions)
  }

  /// `--dry-run VMCORE`: prints a line 'FIRST_PFN COUNT' for each block that would be added, the best first.
  private static func list(_ arguments: RamArguments, _ vmcore: Text) throws(Failure) -> ExitCode {
    let kernel = try CrashedKernel.open(vmcore)
    try kernel.leaveTaken(vmcore)
    let sections = kernel.sectionRanges.map { range in
      PFN(UInt64(range.lowerBound * FrameMap.frameCount))..<PFN(UInt64(range.upperBound * FrameMap.frameCount))
    }
    let start = Time.monotonic()
    let policy = ReusePolicy(level: arguments.memory.scanLevel)
    let (found, scanned) = try find(arguments.bytes, kernel, policy, blockSize: MemoryBlocks()?.size ?? 128 << 20, in: sections)
    let microseconds = Time.monotonic().since(start) / 1000
    var lines = Text()
    for block in found {
      lines.append("% %\n", block.frames.lowerBound.rawValue, block.frames.upperBound.rawValue - block.frames.lowerBound.rawValue)
    }
    Log.line(Text("% blocks found in % sections, in % us", UInt64(found.count), UInt64(scanned), microseconds))
    return try Usage.output(lines)
  }

  /// The best blocks, and how many sections were scanned for them.
  private static func find(
    _ bytes: UInt64, _ kernel: CrashedKernel, _ policy: ReusePolicy, blockSize: UInt64, in ranges: [Range<PFN>]
  ) throws(Failure) -> (found: [WholeBlock], scanned: Int) {
    let size = Text("%", blockSize >> 20)
    guard var search = BlockSearch(kernel, policy, blockSize: blockSize)
    else { throw Failure("memory blocks of % MiB are not known here", size) }
    let count = Int(clamping: bytes / blockSize)
    guard count > 0 else { throw Failure("a block of memory has % MiB here: give a SIZE of one at the least", size) }
    let start = Time.monotonic()
    let found = search.best(count, in: ranges) { Time.monotonic().since(start) > searchBudget }
    guard !found.isEmpty else { throw Failure("no block of % MiB can be had as a whole", size) }
    return (found, search.classified)
  }

  private static var vmcore: Text { Text("/proc/vmcore") }

  /// The nanoseconds for which better blocks are looked for when there are enough: some 30 GiB of memory are scanned in them. A machine of
  /// 1 TiB without a free block would keep the capture waiting for seconds.
  private static var searchBudget: UInt64 { 300_000_000 }

  /// Once memory is added, read(2) of it in /proc/vmcore is a warning of the kernel's (`__ioremap_caller`, arch/x86/mm/ioremap.c), and this would
  /// be the end.
  private static func checkKernel() throws(Failure) {
    guard SysFile.text(Text("/proc/sys/kernel"), "panic_on_warn") == "1" else { return }
    throw Failure("panic_on_warn is set, and a read of added memory through /proc/vmcore is a warning: without it, RAM can be added")
  }

  /// The regions whose memory can be RAM.
  private static func regions(_ blockSize: UInt64) throws(Failure) -> [DaxRegion] {
    let bus = DaxBus()
    do throws(Errno) { try bus.load(.kmem) } catch { throw Failure("can't load kmem: %", error.text) }
    guard bus.has(.kmem) else { throw Failure("this kernel has no driver kmem, or its module can't be loaded") }
    let all = bus.regions
    guard !all.isEmpty
    else {
      throw Failure(
        "no memory is left to device dax: the words of 'oldmemfs memmap' are not on this kernel's command line, or dax_hmem is not there")
    }
    let regions = all.filter { $0.hasNode }
    guard !regions.isEmpty
    else { throw Failure("the memory that is left to device dax is in no NUMA node: a reservation above it, or 'numa=on', would help") }
    var nodeless: UInt64 = 0
    for region in all where !region.hasNode { nodeless += region.bytesInBlocks(of: blockSize) }
    if nodeless > 0 { Log.line(Text("% MiB in whole blocks are in no NUMA node, and can't be RAM", nodeless >> 20)) }
    return regions
  }

  private static func add(_ found: [WholeBlock], to blocks: MemoryBlocks, from regions: [DaxRegion]) throws(Failure) -> ExitCode {
    let before = MemoryAmounts()
    var added: [WholeBlock] = []
    var obstacle = Text()
    blocks.onlining {
      for block in found {
        guard let region = regions.first(where: { $0.holds(block.bytes) }) else { continue }
        do throws(Failure) { try add(block, to: blocks, from: region) } catch {
          obstacle = error.message
          break
        }
        added.append(block)
      }
    }
    if added.isEmpty { throw Failure("no RAM could be added: %", obstacle) }
    if !obstacle.bytes.isEmpty {
      Log.line(Text("no more than % of % blocks are added: ", UInt64(added.count), UInt64(found.count)).appending(obstacle))
    }
    report(added, before, MemoryAmounts())
    return .success
  }

  private static func add(_ block: WholeBlock, to blocks: MemoryBlocks, from region: DaxRegion) throws(Failure) {
    let range = block.bytes
    let device: DaxDevice
    do throws(DaxError) { device = try region.give([range], to: .kmem) } catch { throw Failure(error.text) }
    do throws(Errno) { try blocks.bringOnline(at: range.lowerBound) } catch {
      device.giveBack(from: .kmem)
      throw Failure("a block does not come online: %", error.text)
    }
  }

  private static func report(_ added: [WholeBlock], _ before: MemoryAmounts, _ after: MemoryAmounts) {
    var cache: UInt64 = 0
    var user: UInt64 = 0
    var frames: UInt64 = 0
    for block in added {
      frames += block.frames.upperBound.rawValue - block.frames.lowerBound.rawValue
      cache += block.cache
      user += block.user
    }
    var text = Text("% MiB of RAM added in % blocks", frames / 256, UInt64(added.count))
    text.append(" (% MiB were free, % page cache, % of processes)", (frames - cache - user) / 256, cache / 256, user / 256)
    text.append("; MemTotal % -> % MiB", before.total >> 10, after.total >> 10)
    text.append(", MemAvailable % -> % MiB", before.available >> 10, after.available >> 10)
    Log.line(text)
  }
}

/// What `oldmemfs ram [SIZE] [-o OPTIONS] [--dry-run VMCORE]` says.
private final class RamArguments {
  private(set) var bytes: UInt64 = 1 << 30
  /// The vmcore whose blocks are only listed.
  private(set) var vmcore: Text?
  let memory = MemoryArguments()

  init(_ words: [Text]) throws(Failure) {
    let parsed = try OptionParser.parse(words, valued: ["--dry-run"])
    for word in parsed.options {
      if let path = word.value(of: "dry-run=") {
        vmcore = path
        continue
      }
      try memory.takeChoice(word)
    }
    guard parsed.operands.count < 2 else { throw .unexpected(parsed.operands[1]) }
    guard let size = parsed.operands.first else { return }
    guard case .absolute(let bytes)? = Size(size) else { throw Failure(usage: "'%' is no SIZE; it is N[k|m|g|t|p|e]", size) }
    self.bytes = bytes
  }
}

extension WholeBlock {
  fileprivate var bytes: Range<UInt64> { frames.lowerBound.address.rawValue..<frames.upperBound.address.rawValue }
}
