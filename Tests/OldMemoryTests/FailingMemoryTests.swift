import CrashedKernel
import Foundation
import Frames
import KernelFixtures
import Platform
import TestSupport
import Testing
import Vmcore

@testable import OldMemory

/// The reasons why each way to write a pool's frames failed.
func failures(_ make: () throws -> FramePool) throws -> WayFailures {
  let error = #expect(throws: PoolError.self) { try make() }
  guard case .noWay(let failures) = try #require(error) else {
    Issue.record("it is \(String(describing: error))")
    return WayFailures()
  }
  return failures
}

@Suite("Memory that fails")
struct FailingMemoryTests {
  /// The first frame of the second PT_LOAD: in the middle of an aligned MiB.
  private static let border: UInt64 = 0x6080

  /// A kernel whose memory is in two adjacent PT_LOADs, with 128 free frames on each side of the border.
  private func kernel() -> FakeKernel {
    var kernel = FakeKernel(.allCases[0])
    let last = kernel.core.segments.removeLast()
    let border = Self.border * 4096
    kernel.core.segments.append(.init(physical: last.physical, virtual: last.virtual, size: border - last.physical))
    kernel.core.segments.append(
      .init(physical: border, virtual: last.virtual + border - last.physical, size: last.physical + last.size - border))
    kernel.makeFree(Self.border - 128, order: 7)
    kernel.makeFree(Self.border, order: 7)
    return kernel
  }

  private func pool(_ vmcore: String, device: String? = nil) throws -> FramePool {
    let crashed = try CrashedKernel(core: Vmcore(path: Text(vmcore)))
    let paths = OldMemoryPaths(vmcore: Text(vmcore), device: device.map { Text($0) }, way: device == nil ? .vmcore : .device)
    let pool = try FramePool.oldMemory(of: crashed, policy: ReusePolicy(level: DumpLevel(rawValue: 31)), paths: paths, checksums: true)
    while !pool.isScanned { pool.scanNextSection() }
    return pool
  }

  /// Writes a file in place of the memory device: the kernel's memory, but other bytes in the frames `foreign`.
  private func write(_ kernel: FakeKernel, to device: String, foreign: Range<UInt64>) throws {
    try Data().write(to: URL(fileURLWithPath: device))
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: device))
    for (frame, bytes) in kernel.core.memory {
      try file.seek(toOffset: frame * 4096)
      try file.write(contentsOf: Data(bytes))
    }
    try file.seek(toOffset: foreign.lowerBound * 4096)
    try file.write(contentsOf: Data(repeating: 0xff, count: foreign.count * 4096))
    try file.truncate(atOffset: kernel.end)
  }

  /// A file in memory that can be sealed. The caller closes it.
  private func memoryFile() throws -> Int32 {
    typealias Create = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32
    let create = unsafeBitCast(try #require(dlsym(nil, "memfd_create")), to: Create.self)
    // MFD_ALLOW_SEALING (memfd_create(2)).
    let file = create("vmcore", 2)
    try #require(file >= 0)
    return file
  }

  /// Seals a file in memory: F_ADD_SEALS (fcntl(2)).
  private func seal(_ file: Int32, _ seal: Int32) { #expect(fcntl(file, 1033, seal) == 0) }

  @Test("each PT_LOAD's part of a window is tried for itself, as it is mapped for itself")
  func border() throws {
    let directory = try TemporaryDirectory()
    let (vmcore, device) = (directory.path + "/vmcore", directory.path + "/device")
    let kernel = kernel()
    try kernel.write(to: vmcore)
    // Beyond the border the device shows other contents.
    try write(kernel, to: device, foreign: Self.border..<Self.border + 128)
    let pool = try pool(vmcore, device: device)
    var frames: Set<UInt64> = []
    while pool.freeFrames > 0 {
      let run = try pool.allocate(upTo: 256, after: nil)
      for index in 0..<run.count { frames.insert((run.first + index).rawValue) }
    }
    #expect(frames == Set(Self.border - 128..<Self.border))
    #expect(pool.refusedFrames == 128 && pool.totalFrames == 128)
  }

  @Test("frames on both sides of a border are written and read as one run, in a vmcore")
  func acrossBorder() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/vmcore"
    try kernel().write(to: path)
    let pool = try pool(path)
    let run = try pool.allocate(upTo: 256, after: nil)
    #expect(run == FrameRun(first: FrameNumber(Self.border - 128), count: 256))
    try pool.write(pattern(256 * frameSize, seed: 3), to: run.first, at: 0, clearing: true)
    #expect(try pool.read(256 * frameSize, from: run.first, at: 0) == pattern(256 * frameSize, seed: 3))
    #expect(pool.totalFrames == 256)
  }

  @Test("after a write that failed on the way what was written before is there, and the frame that failed is retired")
  func halfWay() throws {
    let file = try memoryFile()
    defer { close(file) }
    let kernel = kernel()
    try kernel.write(to: "/proc/self/fd/\(file)")
    let pool = try pool("/proc/self/fd/\(file)")
    let run = try pool.allocate(upTo: 100, after: nil)
    let old = pattern(100 * frameSize, seed: 1)
    try pool.write(old, to: run.first, at: 0, clearing: true)
    let cut = try #require(kernel.core.offset(ofPhysical: (run.first.rawValue + 60) * 4096))
    #expect(ftruncate(file, off_t(cut)) == 0)
    // F_SEAL_GROW
    seal(file, 4)
    let new = pattern(100 * frameSize, seed: 2)
    #expect(throws: StoreError.inaccessible(run.first + 60, .permission)) { try pool.write(new, to: run.first, at: 0, clearing: true) }
    #expect(try pool.read(60 * frameSize, from: run.first, at: 0) == Array(new[..<(60 * frameSize)]))
    #expect(pool.retiredFrames == 0 && pool.damagedFrames == 0)
    pool.release(run)
    #expect(pool.retiredFrames == 1 && pool.totalFrames == 255)
    for _ in 0..<255 { #expect(try pool.allocate(upTo: 1, after: nil).first != run.first + 60) }
    #expect(throws: StoreError.noSpace) { try pool.allocate(upTo: 1, after: nil) }
  }

  @Test("a vmcore that takes no write says why")
  func unwritable() throws {
    let file = try memoryFile()
    defer { close(file) }
    try kernel().write(to: "/proc/self/fd/\(file)")
    // F_SEAL_WRITE
    seal(file, 8)
    guard case .refused(.inaccessible(.permission)) = try failures({ try pool("/proc/self/fd/\(file)") }).vmcore else {
      Issue.record("another reason")
      return
    }
  }

  /// A device that ends before the top page table and `mem_section`, which are checked first, or before all pages that are checked.
  @Test("a device is known by any of the kernel's own pages that it shows")
  func landmarks() throws {
    let directory = try TemporaryDirectory()
    let (vmcore, device) = (directory.path + "/vmcore", directory.path + "/device")
    var kernel = FakeKernel(.allCases[0])
    kernel.makeFree(0x800, order: 7)
    // The last page of each 256 KiB of the image is checked; the others before 17 MiB are zeros.
    let shown: UInt64 = 0x103f * 4096
    kernel.core.put(UInt64(1), at: shown)
    try kernel.write(to: vmcore)
    try write(kernel, to: device, foreign: 0..<0)
    #expect(truncate(device, off_t(shown + 4096)) == 0)
    #expect(try pool(vmcore, device: device).totalFrames == 128)
    #expect(truncate(device, off_t(shown)) == 0)
    guard case .unmappable = try failures({ try pool(vmcore, device: device) }).device else {
      Issue.record("another reason")
      return
    }
  }

  @Test("a device that shows the kernel's own pages and other bytes at all reusable frames is refused for that")
  func different() throws {
    let directory = try TemporaryDirectory()
    let (vmcore, device) = (directory.path + "/vmcore", directory.path + "/device")
    let kernel = kernel()
    try kernel.write(to: vmcore)
    try write(kernel, to: device, foreign: Self.border - 128..<Self.border + 128)
    guard case .refused(.different) = try failures({ try pool(vmcore, device: device) }).device else {
      Issue.record("another reason")
      return
    }
  }

  @Test("without a reusable frame the level is told")
  func nothingReusable() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/vmcore"
    try FakeKernel(.allCases[0]).write(to: path)
    guard case .nothingReusable(let level) = try #require(#expect(throws: PoolError.self) { try pool(path) }) else {
      Issue.record("another reason")
      return
    }
    #expect(level.excludesAll && !DumpLevel(rawValue: 23).excludesAll)
  }

  @Test("a window that can't be mapped again is retired whole, and no other")
  func window() throws {
    let directory = try TemporaryDirectory()
    var kernel = FakeKernel(.allCases[0])
    // 48 windows, of which 32 stay mapped, and not the first.
    for block in 0..<6 as Range<UInt64> {
      kernel.makeFree(0x6000 + block << 10, order: 10)
      kernel.makeFree(0x8000 + block << 10, order: 10)
    }
    let vmcore = directory.path + "/vmcore"
    try kernel.write(to: vmcore)
    let file = try memoryFile()
    defer { close(file) }
    let device = "/proc/self/fd/\(file)"
    try write(kernel, to: device, foreign: 0..<0)
    let pool = try pool(vmcore, device: device)
    var runs: [FrameRun] = []
    while pool.freeFrames > 0 { runs.append(try pool.allocate(upTo: 0x400, after: nil)) }
    #expect(pool.totalFrames == 12 << 10)
    // F_SEAL_FUTURE_WRITE: existing mappings can still be written, and there can be no new ones.
    seal(file, 0x10)
    let first = FrameNumber(0x6000)
    let bytes = pattern(4 * frameSize, seed: 5)
    #expect(throws: StoreError.inaccessible(first + 8, .permission)) { try pool.write(bytes, to: first + 8, at: 0, clearing: true) }
    for run in runs { pool.release(run) }
    #expect(pool.retiredFrames == 256 && pool.totalFrames == 12 << 10 - 256 && pool.freeFrames == pool.totalFrames)
  }
}
