import KernelFixtures
import Testing

@testable import CrashedKernel

@Suite("What is behind private data")
struct BufferHeadTests {
  typealias Buffer = FakeKernel.Buffer

  private static let rest = Buffer().state
  /// With four-level paging.
  private static let directMap: UInt64 = 0xffff_8880_0000_0000

  /// The state of a cache page with these buffers.
  private func state(
    _ series: KernelSeries, order: Int = 0, _ buffers: [Buffer], _ change: (inout FakeKernel, [UInt64]) -> Void = { _, _ in }
  ) throws -> FrameState? {
    var kernel = FakeKernel(series)
    kernel.makeCache(0x7000, order: order, hasPrivateData: true)
    let places = kernel.attach(buffers, to: 0x7000, order: order)
    change(&kernel, places)
    return try Classified(kernel)[0x7000..<0x7000 + 1 << UInt64(order)]
  }

  @Test("buffers at rest hold nothing back, one for the page or eight", arguments: KernelSeries.allCases, [1, 2, 8])
  func atRest(series: KernelSeries, count: Int) throws {
    #expect(try state(series, Array(repeating: Buffer(), count: count)) == FrameState(.privateCache, .none))
    #expect(try state(series, order: 3, Array(repeating: Buffer(), count: count)) == FrameState(.privateCache, .none))
  }

  @Test(
    "a buffer that a device may read or write, jbd2's among them, holds the page back, whichever it is", arguments: KernelSeries.allCases,
    [2, 6, 7, 16, 23, 24])
  func busy(series: KernelSeries, bit: Int) throws {
    for place in 0..<4 {
      var buffers = Array(repeating: Buffer(), count: 4)
      buffers[place].state |= 1 << UInt64(bit)
      #expect(try state(series, buffers) == FrameState(.privateCache, .buffers))
      #expect(try state(series, order: 4, buffers) == FrameState(.privateCache, .buffers))
    }
  }

  @Test("each page of many alike has its own buffers")
  func each() throws {
    var kernel = FakeKernel(.v6_12)
    for pfn in 0x7000..<0x7100 as Range<UInt64> { kernel.makeCache(pfn, hasPrivateData: true) }
    kernel.attach([Buffer(state: Self.rest | 1 << 2)], to: 0x7080)
    let found = try Classified(kernel)
    #expect(found[0x7000..<0x7080] == FrameState(.privateCache, .none))
    #expect(found[0x7080] == FrameState(.privateCache, .buffers))
    #expect(found[0x7081..<0x7100] == FrameState(.privateCache, .none))
  }

  @Test("buffers that make no sense hold the page back")
  func nonsense() throws {
    // A ring that is not closed, that points nowhere, or into another page's buffers.
    #expect(
      try state(.v6_12, [Buffer(), Buffer()]) { kernel, places in
        kernel.core.put(kernel.directMap + places[1], at: places[1] + 8)
      } == FrameState(.privateCache, .buffers))
    #expect(
      try state(.v6_12, [Buffer(), Buffer()]) { kernel, places in
        kernel.core.put(UInt64(0x1234_5678), at: places[0] + 8)
      } == FrameState(.privateCache, .buffers))
    #expect(
      try state(.v6_12, [Buffer(), Buffer()]) { kernel, places in
        kernel.core.put(kernel.vmemmap + 0x7001 * 64, at: places[1] + 16)
      } == FrameState(.privateCache, .buffers))
    // More than a page, less, or with an impossible size.
    #expect(try state(.v6_12, Array(repeating: Buffer(size: 512), count: 9)) == FrameState(.privateCache, .buffers))
    #expect(try state(.v6_12, Array(repeating: Buffer(size: 512), count: 7)) == FrameState(.privateCache, .buffers))
    #expect(try state(.v6_12, [Buffer(size: .max), Buffer(size: .max)]) == FrameState(.privateCache, .buffers))
    #expect(
      try state(.v6_12, [Buffer()]) { kernel, _ in
        kernel.change(0x7000) { $0.privateData = Self.directMap + 3 << 40 }
      } == FrameState(.privateCache, .buffers))
  }

  @Test("private data of another kind is left, but for numbers and a state of iomap's that is at rest")
  func otherKinds() throws {
    func isHeld(_ words: [UInt64], device: Bool = false) throws -> Bool {
      try state(.v6_12, [Buffer()]) { kernel, places in
        for (index, word) in words.enumerated() { kernel.core.put(word, at: places[0] + UInt64(index) * 8) }
        if device { kernel.change(0x7000) { $0.mapping = Self.directMap + FakeKernel.deviceMapping } }
      } == FrameState(.privateCache, .buffers)
    }
    // The lock, the bytes being read and written, and the bits of its blocks.
    #expect(try !isHeld([0, 0, 0xff]))
    #expect(try isHeld([0x1000 << 32, 0, 0xff]))
    #expect(try isHeld([0, 0x1000, 0xff]))
    #expect(try isHeld([1, 0, 0xff]))
    #expect(try isHeld([0, 0, 0xff], device: true))
    // An extent buffer of btrfs: its position and length.
    #expect(try isHeld([0x4000_0000, 0x4000, 0]))
  }

  @Test("numbers in the place of an address hold nothing back of a file", arguments: [0, 1, 0xfff, 0xffff_8880_0100_0001] as [UInt64])
  func numbers(number: UInt64) throws {
    #expect(
      try state(.v6_12, [Buffer()]) { kernel, _ in kernel.change(0x7000) { $0.privateData = number } } == FrameState(.privateCache, .none))
    // The mapping of a block device, or one that leads to no file.
    for mapping in [FakeKernel.deviceMapping, 3 << 40, 28 << 20] {
      #expect(
        try state(.v6_12, [Buffer()]) { kernel, _ in
          kernel.change(0x7000) {
            $0.privateData = number; $0.mapping = Self.directMap + mapping
          }
        } == FrameState(.privateCache, .buffers))
    }
  }

  @Test("a block device's own buffers at rest hold nothing back")
  func device() throws {
    #expect(
      try state(.v6_12, [Buffer()]) { kernel, _ in
        kernel.change(0x7000) { $0.mapping = Self.directMap + FakeKernel.deviceMapping }
      } == FrameState(.privateCache, .none))
  }
}
