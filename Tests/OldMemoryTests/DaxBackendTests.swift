import CrashedKernel
import DeviceDax
import Frames
import KernelFixtures
import Platform
import TestSupport
import Testing
import Vmcore

@testable import OldMemory

@Suite("Old memory through device dax")
struct DaxBackendTests {
  private static let pieceSize: UInt64 = 2 << 20

  private let directory: TemporaryDirectory
  private let fake: FakeDaxBus
  private var kernel = FakeKernel(.allCases[0])

  init() throws {
    directory = try TemporaryDirectory()
    fake = try FakeDaxBus()
    try fake.addRegionDriver()
    // The kernel's image ends in piece 10, behind the top page table: by that page a device is known.
    kernel.core.segments[0].size = FakeKernel.topTable + 65536 - kernel.core.segments[0].physical
  }

  /// Frees 32 frames, each with contents of its own.
  private mutating func free(_ first: UInt64) {
    kernel.makeFree(first, order: 5)
    for frame in first..<first + 32 { kernel.core.put(frame, at: frame * 4096) }
  }

  /// The driver, and a region of some pieces.
  private func addRegion(_ pieces: Range<UInt64> = 8..<32, cut: UInt64 = 0) throws {
    try fake.addDriver(.deviceDax)
    try fake.addRegion(0, start: pieces.lowerBound * Self.pieceSize, size: UInt64(pieces.count) * Self.pieceSize - cut, seed: "dax0.0")
    try fake.bind("dax0.0", to: .deviceDax)
  }

  /// Writes a device's node: pieces of a kernel's memory, one behind the other.
  private func addNode(_ pieces: UInt64..., to device: String = "dax0.0", of kernel: FakeKernel) throws {
    let parts = pieces.enumerated().flatMap { index, piece in
      kernel.core.memory.filter { $0.key / 512 == piece }.map { (UInt64(index) * Self.pieceSize + $0.key % 512 * 4096, $0.value) }
    }
    try fake.addNode(device, size: UInt64(pieces.count) * Self.pieceSize, parts)
  }

  private func pool() throws -> FramePool {
    let vmcore = directory.path + "/vmcore"
    try kernel.write(to: vmcore)
    let crashed = try CrashedKernel(core: Vmcore(path: Text(vmcore)))
    let paths = OldMemoryPaths(vmcore: Text(vmcore), device: nil, bus: fake.bus, way: .dax)
    let pool = try FramePool.oldMemory(of: crashed, policy: ReusePolicy(level: DumpLevel(rawValue: 31)), paths: paths, checksums: true)
    while !pool.isScanned { pool.scanNextSection() }
    return pool
  }

  /// Gives out all frames.
  private func frames(_ pool: FramePool) throws -> Set<UInt64> {
    var frames: Set<UInt64> = []
    while pool.freeFrames > 0 {
      let run = try pool.allocate(upTo: 64, after: nil)
      for index in 0..<run.count { frames.insert((run.first + index).rawValue) }
    }
    return frames
  }

  // MARK: Pieces that are mapped

  @Test("frames are written through the pieces of one device, wherever these lie in its node")
  mutating func written() throws {
    for frame in [0x15e0, 0x1600, 0x1a00] as [UInt64] { free(frame) }
    try addRegion()
    try addNode(10, 11, 13, of: kernel)
    var pool: FramePool? = try pool()
    #expect(pool?.way == .dax)
    // The piece with the kernel's own page alone, and then all with reusable frames.
    let (first, all) = ("0x1400000-0x15fffff", "0x1400000-0x15fffff0x1600000-0x17fffff0x1a00000-0x1bfffff")
    #expect(fake.written("mapping", of: "dax0.0") == first + all)
    #expect(fake.written("unbind", of: .deviceDax) == "dax0.0")
    for (start, count, offset) in [(0x15e0, 64, 0x1e0), (0x1a00, 32, 0x400)] as [(UInt64, Int, UInt64)] {
      let run = try #require(try pool?.allocate(upTo: 64, after: nil))
      #expect(run == FrameRun(first: FrameNumber(start), count: count))
      let bytes = pattern(count * frameSize, seed: count)
      try pool?.write(bytes, to: run.first, at: 0, clearing: true)
      #expect(try pool?.read(bytes.count, from: run.first, at: 0) == bytes)
      #expect(try fake.node("dax0.0", at: offset * 4096, count: bytes.count) == bytes)
    }
    #expect(pool?.totalFrames == 96 && pool?.refusedFrames == 0)
    #expect(fake.written("unbind", of: .deviceDax) == "")
    pool = nil
    #expect(fake.written("unbind", of: .deviceDax) == "dax0.0")
  }

  @Test("pieces of another 16 MiB become another device, once a frame of theirs is given out")
  mutating func devices() throws {
    for frame in [0x15e0, 0x1600, 0x2800] as [UInt64] { free(frame) }
    try addRegion()
    try addNode(10, 11, 20, of: kernel)
    let pool = try pool()
    try fake.addDevice("dax0.1", start: 8 * Self.pieceSize)
    try fake.setSeed("dax0.1", ofRegion: 0)
    try fake.bind("dax0.1", to: .deviceDax)
    try addNode(20, to: "dax0.1", of: kernel)
    #expect(try pool.allocate(upTo: 64, after: nil).first == FrameNumber(0x15e0))
    #expect(fake.written("mapping", of: "dax0.1") == "")
    #expect(try pool.allocate(upTo: 64, after: nil) == FrameRun(first: FrameNumber(0x2800), count: 32))
    #expect(fake.written("mapping", of: "dax0.1") == "0x2800000-0x29fffff")
    try pool.write(pattern(frameSize, seed: 1), to: FrameNumber(0x2801), at: 0, clearing: true)
    #expect(try fake.node("dax0.1", at: 4096, count: frameSize) == pattern(frameSize, seed: 1))
  }

  // MARK: Frames that can't be written

  @Test("a piece that shows other bytes at its first frame leaves the pool, which goes on with the next", arguments: [10, 11] as [UInt64])
  mutating func refusedPiece(piece: UInt64) throws {
    free(0x15e0)
    free(0x1600)
    try addRegion()
    var shown = kernel
    shown.core.put(UInt64(1), at: piece == 10 ? 0x15e0 * 4096 : 0x1600 * 4096)
    try addNode(10, 11, of: shown)
    let pool = try pool()
    #expect(try frames(pool) == Set(piece == 10 ? 0x1600..<0x1620 : 0x15e0..<0x1600))
    #expect(pool.totalFrames == 32 && pool.refusedFrames == 32 && pool.freeFrames == 0)
    #expect(throws: StoreError.noSpace) { try pool.allocate(upTo: 1, after: nil) }
  }

  @Test("frames outside of all regions are not in the pool, nor those of a piece that a region has in part")
  mutating func outside() throws {
    for frame in [0x15e0, 0x1600, 0x2800] as [UInt64] { free(frame) }
    try addRegion(10..<12, cut: 4096)
    try addNode(10, 11, of: kernel)
    let pool = try pool()
    #expect(try frames(pool) == Set(0x15e0..<0x1600))
    #expect(pool.totalFrames == 32 && pool.refusedFrames == 64)
  }

  @Test("a piece is worth mapping with 16 reusable frames of all classes together", arguments: [7, 8] as [UInt64])
  mutating func few(cache: UInt64) throws {
    kernel.makeFree(0x15e0, order: 3)
    for frame in 0..<cache { kernel.makeCache(0x15f0 + frame) }
    try addRegion()
    try addNode(10, of: kernel)
    if cache == 8 {
      let pool = try pool()
      #expect(try frames(pool) == Set(0x15e0..<0x15e8).union(0x15f0..<0x15f8))
      #expect(pool.totalFrames == 16 && pool.refusedFrames == 0)
    } else {
      guard case .refused(.few) = try failures({ try pool() }).dax else {
        Issue.record("another reason")
        return
      }
    }
  }

  // MARK: No way

  @Test("another crash's memory is known by the kernel's own page, and not written")
  mutating func foreign() throws {
    free(0x15e0)
    try addRegion()
    var other = kernel
    other.core.put(UInt64(1), at: FakeKernel.topTable)
    try addNode(10, of: other)
    guard case .foreign = try failures({ try pool() }).dax else {
      Issue.record("another reason")
      return
    }
    #expect(try fake.node("dax0.0", at: 0x1e0 * 4096, count: 4096) == other.core.memory[0x15e0])
  }

  @Test("a region without the kernel's own pages proves nothing")
  mutating func unmappable() throws {
    free(0x2800)
    try addRegion(20..<21)
    try addNode(20, of: kernel)
    guard case .unmappable = try failures({ try pool() }).dax else {
      Issue.record("another reason")
      return
    }
  }

  @Test("where the first frame of each piece shows other bytes, or all frames are outside, that is said", arguments: [false, true])
  mutating func nothing(isOutside: Bool) throws {
    free(isOutside ? 0x2800 : 0x15e0)
    try addRegion(10..<11)
    var shown = kernel
    shown.core.put(UInt64(1), at: 0x15e0 * 4096)
    try addNode(10, of: shown)
    switch (try failures { try pool() }.dax, isOutside) {
    case (.refused(.inaccessible(.io)), false), (.refused(.outside), true): break
    case (let failure, _): Issue.record("it is \(String(describing: failure))")
    }
  }

  @Test("no region, or no driver, is ENODEV", arguments: [false, true])
  func noDevice(hasDriver: Bool) throws {
    if hasDriver { try fake.addDriver(.deviceDax) } else { try fake.addRegion(0, start: 16 << 20, size: 16 << 20, seed: "dax0.0") }
    guard case .unopenable(.notSuitable) = try failures({ try pool() }).dax else {
      Issue.record("another reason")
      return
    }
    #expect(fake.loaded.isEmpty == hasDriver)
  }
}
