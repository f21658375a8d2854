import CrashedKernel
import FuseServer
import Platform
import RunningKernel
import SwapSpace
import Vmcore

/// `oldmemfs swap [SIZE]`: gives this kernel swap space in the crashed kernel's memory, and turns it on.
///
/// The kernel alone serves it: a linear device of device mapper's over the reusable runs of legacy persistent memory, which copies a page
/// with no memory but what it has set aside. A program in the way needs memory to answer when there is none. In a capture kernel of 6.12 with
/// 46 MiB available, a program of 130 MiB at random, and makedumpfile beside it: this way touches 16,500 pages a second; a loop device on a
/// file of `/oldmem`, 960; with NBD over a socket pair, all of them waited for each other within 30 seconds, and the loop device was once
/// seen to stand still for ten minutes.
enum SwapCommand {
  static func run(_ words: [Text]) throws(Failure) -> ExitCode {
    let arguments = try SwapArguments(words)
    if arguments.isOff { return try turnOff() }
    guard OldMemorySwap.device.number == nil else { throw Failure("there is swap in old memory already: 'oldmemfs swap --off' ends it") }
    let policy = ReusePolicy(level: try arguments.memory.mountLevel())
    let kernel = try CrashedKernel.open(vmcore)
    let ranges = try self.ranges()
    // What this kernel has already is held back, but for the memory that is left to swap.
    kernel.take(try MemoryMap.known().given)
    let before = MemoryAmounts()
    let namespaces: [PmemNamespace]
    do throws(Errno) { namespaces = try PmemNamespace.prepare(ranges) } catch {
      throw Failure("the memory that is left to swap can't be had: %", error.text)
    }
    guard !namespaces.isEmpty else { throw Failure("no block device is made of the memory that is left to swap (nd_e820, nd_pmem)") }
    let choice = RunChoice(
      kernel, policy, in: namespaces.map { PFN.whole(in: $0.range) }, frames: arguments.bytes / PFN.pageSize, runs: mostRuns)
    guard !choice.runs.isEmpty else { throw Failure("of the memory that is left to swap, nothing may be overwritten") }
    let parts = try proven(choice.runs, in: namespaces, kernel)
    try turnOn(parts)
    report(parts, choice, before, MemoryAmounts())
    return .success
  }

  private static var vmcore: Text { Text("/proc/vmcore") }

  /// A run takes some hundred bytes of the kernel's memory (`struct dm_target`, `struct linear_c`, and their place in the table), and for a
  /// moment those of the request.
  private static var mostRuns: Int { 2048 }

  /// The ranges of the command line's words; this kernel has made none of its own of them.
  private static func ranges() throws(Failure) -> [Range<UInt64>] {
    let ranges = SwapReservation.inForce
    guard !ranges.isEmpty
    else { throw Failure("no memory is left to swap: the words of 'oldmemfs memmap --swap SIZE' are not on this kernel's command line") }
    return ranges
  }

  /// The runs as parts of the block devices. Each run's first frame has to show the same through its device and through the vmcore.
  private static func proven(
    _ runs: [RunChoice.Run], in namespaces: [PmemNamespace], _ kernel: CrashedKernel
  ) throws(Failure) -> [SectorRange] {
    var parts: [SectorRange] = []
    for namespace in namespaces {
      guard let device = namespace.device else { continue }
      let file: FileDescriptor
      do throws(Errno) { file = try FileDescriptor.open(device.path, flags: FileDescriptor.readOnly) } catch {
        throw Failure("%: %", device.path, error.text)
      }
      let frames = PFN.whole(in: namespace.range)
      for run in runs where frames.contains(run.frames.lowerBound) {
        let offset = run.frames.lowerBound.address.rawValue - namespace.range.lowerBound
        guard let seen = try? file.bytes(Int(PFN.pageSize), at: offset), kernel.core.bytes(of: run.frames.lowerBound) == seen
        else { throw Failure("% does not show the crashed kernel's memory", device.path) }
        let count = run.frames.upperBound.rawValue - run.frames.lowerBound.rawValue
        parts.append(SectorRange(device: device.number, first: offset / 512, count: count * PFN.pageSize / 512))
      }
    }
    return parts
  }

  private static func turnOn(_ parts: [SectorRange]) throws(Failure) {
    do throws(Errno) { try ModuleLoader.load("dm_mod") } catch {}
    let number: DeviceNumber
    do throws(Errno) { number = try OldMemorySwap.device.make(of: parts) } catch {
      throw Failure("device mapper makes no device of it: %", error.text)
    }
    do throws(Errno) {
      try SwapArea.turnOn(LinearDevice.path(number), pages: parts.reduce(0) { $0 + $1.count } * 512 / PFN.pageSize)
    } catch {
      try? OldMemorySwap.device.remove()
      throw Failure("the kernel does not swap to it: %", error.text)
    }
  }

  private static func turnOff() throws(Failure) -> ExitCode {
    guard let number = OldMemorySwap.device.number else { throw Failure("there is no swap in old memory") }
    do throws(Errno) {
      do throws(Errno) { try Swapping.turnOff(LinearDevice.path(number)) } catch {
        // It was turned off by others.
        guard error == .invalid else { throw error }
      }
      try OldMemorySwap.device.remove()
    } catch { throw Failure("swap can't be turned off: %", error.text) }
    return .success
  }

  private static func report(_ parts: [SectorRange], _ choice: RunChoice, _ before: MemoryAmounts, _ after: MemoryAmounts) {
    var text = Text("% MiB of swap in % runs of old memory", choice.frames / 256, UInt64(parts.count))
    text.append(" (% MiB were free, % used)", choice.freeFrames / 256, (choice.frames - choice.freeFrames) / 256)
    text.append(", for % KiB of memory", before.available > after.available ? before.available - after.available : 0)
    Log.line(text)
  }
}

/// What `oldmemfs swap [SIZE] [-o OPTIONS] [--off]` says.
private final class SwapArguments {
  private(set) var bytes: UInt64 = UInt64(UInt32.max) * PFN.pageSize
  private(set) var isOff = false
  let memory = MemoryArguments()

  init(_ words: [Text]) throws(Failure) {
    let parsed = try OptionParser.parse(words)
    for word in parsed.options {
      if word == "off" {
        isOff = true
        continue
      }
      try memory.takeChoice(word)
    }
    guard parsed.operands.count < 2 else { throw .unexpected(parsed.operands[1]) }
    guard let size = parsed.operands.first else { return }
    guard case .absolute(let bytes)? = Size(size), bytes >= 1 << 20
    else { throw Failure(usage: "'%' is no SIZE; it is N[k|m|g|t|p|e], and 1m at the least", size) }
    self.bytes = min(bytes, self.bytes)
  }
}

extension Vmcore {
  /// What it has of a page; nothing if it can't be read.
  fileprivate func bytes(of frame: PFN) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(PFN.pageSize))
    let isRead = bytes.withUnsafeMutableBytes { buffer in
      do throws(VmcoreError) {
        try read(frame.address, into: buffer)
        return true
      } catch { return false }
    }
    return isRead ? bytes : []
  }
}
