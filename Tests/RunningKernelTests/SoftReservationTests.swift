import Platform
import Testing

@testable import RunningKernel

@Suite("Soft reservation")
struct SoftReservationTests {
  private func string(_ text: Text) -> String { String(decoding: text.bytes, as: UTF8.self) }

  private func map(_ lines: String...) throws -> MemoryMap {
    try #require(MemoryMap(Text(bytes: Array((lines.joined(separator: "\n") + "\n").utf8))))
  }

  @Test("all memory but the reservations is reserved, by large pages, the most useful first")
  func words() throws {
    let reservation = SoftReservation(of: try #require(MemoryMap(Text(listing))), room: 2000)
    #expect(
      string(reservation.words)
        == "dax_hmem.region_idle=1 memmap=1712M%4G+0xefffffff memmap=942M%1104M+0xefffffff memmap=846M%2M+0xefffffff memmap=1G%6G+0xefffffff memmap=80M%6064M+0xefffffff"
    )
    #expect(reservation.omittedRanges == 0)
  }

  @Test("what begins below the end of the highest reservation comes first, however small")
  func order() throws {
    let map = try map("00100000-3fffffff : System RAM", "  30000000-37ffffff : Crash kernel", "100000000-4ffffffff : System RAM")
    #expect(
      SoftReservation(of: map, room: 2000).ranges == [0x20_0000..<0x3000_0000, 0x1_0000_0000..<0x5_0000_0000, 0x3800_0000..<0x4000_0000])
  }

  @Test("where DIMMs can be plugged, ACPI is kept from making RAM of them")
  func hotplug() throws {
    let map = try map("00100000-3fffffff : System RAM", "  30000000-3fffffff : Crash kernel")
    #expect(
      string(SoftReservation(of: map, room: 2000, hasDIMMs: true).words)
        == "dax_hmem.region_idle=1 acpi_no_memhotplug memmap=766M%2M+0xefffffff")
  }

  @Test(
    "a command line without room for all takes whole words, and says what is left out", arguments: 0...150, [false, true])
  func room(_ room: Int, _ hasDIMMs: Bool) throws {
    let map = try #require(MemoryMap(Text(listing)))
    let all = SoftReservation(of: map, room: 2000)
    let some = SoftReservation(of: map, room: room, hasDIMMs: hasDIMMs)
    #expect(some.words.bytes.isEmpty || some.words.bytes.count <= room)
    #expect(some.ranges.count + Int(some.omittedRanges) == all.ranges.count)
    #expect(all.ranges.reduce(0) { $0 + $1.count } == some.ranges.reduce(0) { $0 + $1.count } + Int(some.omittedBytes))
    #expect(SoftReservation.check(some.words, map) { _ in } == some.ranges.count)
  }

  @Test("memory to swap to is cut from the top, and its words come first")
  func swap() throws {
    let map = try #require(MemoryMap(Text(listing)))
    let reservation = SoftReservation(of: map, room: 2000, swap: 1 << 30)
    #expect(string(reservation.words).hasPrefix("dax_hmem.region_idle=1 memmap=1G!6G memmap="))
    #expect(reservation.swapRanges == [0x1_8000_0000..<0x1_c000_0000])
    #expect(!reservation.ranges.contains { $0.overlaps(0x1_8000_0000..<0x1_c000_0000) })
    #expect(SwapReservation.ranges(in: reservation.words) == reservation.swapRanges)
    #expect(SoftReservation.check(reservation.words, map) { Issue.record("\(string($0.text))") } == reservation.ranges.count + 1)
  }

  @Test("more than a range has is cut from several; what is left over is soft-reserved", arguments: 0...40 as ClosedRange<UInt64>)
  func swapFromSeveral(_ part: UInt64) throws {
    let map = try #require(MemoryMap(Text(listing)))
    let all = SoftReservation(of: map, room: 2000).ranges
    let bytes = part * 137 << 20
    let reservation = SoftReservation(of: map, room: 2000, swap: bytes)
    func total(_ ranges: [Range<UInt64>]) -> Int { ranges.reduce(0) { $0 + $1.count } }
    let image = try #require(map.image)
    let spared = Int((image.upperBound + 0x1f_ffff) / 0x20_0000 * 0x20_0000 - image.lowerBound / 0x20_0000 * 0x20_0000)
    #expect(total(reservation.swapRanges) == min(Int((bytes + 0x1f_ffff) / 0x20_0000 * 0x20_0000), total(all) - spared))
    #expect(total(reservation.swapRanges) + total(reservation.ranges) == total(all))
    for range in reservation.swapRanges { #expect(!reservation.ranges.contains { $0.overlaps(range) }) }
  }

  @Test("the kernel's image is spared, and what lies around it is not")
  func swapBesideImage() throws {
    let map = try map(
      "00100000-3fffffff : System RAM", "  31000000-31ffffff : Kernel code", "  32000000-327fffff : Kernel rodata",
      "  32800000-32bfffff : Kernel data", "  32f00000-333fffff : Kernel bss", "  38000000-3fffffff : Crash kernel")
    func reservation(_ mib: UInt64) -> SoftReservation { SoftReservation(of: map, room: 2000, swap: mib << 20) }
    #expect(map.image == 0x3100_0000..<0x3340_0000)
    #expect(reservation(16).swapRanges == [0x3700_0000..<0x3800_0000])
    #expect(reservation(16).ranges == [0x20_0000..<0x3700_0000])
    let large = reservation(100)
    #expect(large.swapRanges == [0x3340_0000..<0x3800_0000, 0x2f80_0000..<0x3100_0000])
    #expect(large.ranges == [0x20_0000..<0x2f80_0000, 0x3100_0000..<0x3340_0000])
    #expect(reservation(4096).ranges == [0x3100_0000..<0x3340_0000])
  }

  @Test("without room for their words nothing is swapped to, and no range is cut off half", arguments: 0...150)
  func swapRoom(_ room: Int) throws {
    let reservation = SoftReservation(of: try #require(MemoryMap(Text(listing))), room: room, swap: 3 << 30)
    #expect(reservation.words.bytes.count <= room)
    #expect(SwapReservation.ranges(in: reservation.words) == reservation.swapRanges)
  }

  @Test("words for swap that don't fit this boot are refused like the others")
  func swapFaults() throws {
    let map = try map("00100000-3fffffff : System RAM", "  30000000-37ffffff : Crash kernel")
    func fault(_ word: String) -> WrongWord.Fault? {
      var fault: WrongWord.Fault?
      #expect(SoftReservation.check(Text(bytes: Array(word.utf8)), map) { fault = $0.fault } == 1)
      return fault
    }
    #expect(fault("memmap=64M!512M") == nil)
    #expect(fault("memmap=64M!740M") == .overlapsReservation)
    #expect(fault("memmap=64M!0") == .low)
    #expect(fault("memmap=64M!992M") == .beyondMemory)
    #expect(fault("memmap=1M!512M") == .unaligned)
    #expect(fault("memmap=64M!") == .malformed)
    #expect(fault("memmap=!512M") == .malformed)
  }

  @Test("no range overlaps a reservation, low memory or a hole, wherever these lie")
  func overlaps() throws {
    for _ in 0..<2000 {
      let start = UInt64.random(in: 0...1 << 22)
      let count = UInt64.random(in: 1 << 21...1 << 34)
      let first = UInt64.random(in: 0..<count - 1)
      let last = UInt64.random(in: first + 1...count)
      let map = try map(
        "\(String(start, radix: 16))-\(String(start + count, radix: 16)) : System RAM",
        "  \(String(start + first, radix: 16))-\(String(start + last, radix: 16)) : Crash kernel")
      let reservation = SoftReservation(of: map, room: 2000)
      for range in reservation.ranges {
        #expect(!range.overlaps(map.reservations[0]) && range.lowerBound >= 1 << 20)
        #expect(range.lowerBound >= map.memory[0].lowerBound && range.upperBound <= map.memory[0].upperBound)
        #expect(range.lowerBound % (2 << 20) == 0 && range.upperBound % (2 << 20) == 0)
      }
      #expect(SoftReservation.check(reservation.words, map) { Issue.record("\(string($0.text)) of \(map)") } == reservation.ranges.count)
    }
  }

  @Test(
    "words that don't fit are told, with the reason",
    arguments: [
      ("memmap=1712M%4G+0xefffffff", nil), ("memmap=0x6b000000%0x100000000+0xefffffff", nil),
      ("memmap=04000000%04000000+0xefffffff", .unaligned),
      ("memmap=2M%2M+0xefffffff", nil), ("memmap=1753088K%4194304k+0xefffffff", nil),
      ("memmap=1714M%4G+0xefffffff", .overlapsReservation), ("memmap=2M%0x44f00000+0xefffffff", .overlapsReservation),
      ("memmap=1M%0+0xefffffff", .low), ("memmap=2G%6G+0xefffffff", .beyondMemory), ("memmap=2M%2G+0xefffffff", .beyondMemory),
      ("memmap=1G%9G+0xefffffff", .beyondMemory), ("memmap=1M%2M+0xefffffff", .unaligned), ("memmap=2M%3M+0xefffffff", .unaligned),
      ("memmap=1712M%4G+0xefff", .malformed), ("memmap=1712M%4G", .malformed), ("memmap=1712M%", .malformed), ("memmap=1712M", .malformed),
      ("memmap=", .malformed), ("memmap=0%4G+0xefffffff", .malformed), ("memmap=1712M%4G-1+0xefffffff", .malformed),
      ("memmap=99999999999999999999M%4G+0xefffffff", .malformed), ("memmap=8E%8E+0xefffffff", .malformed),
    ] as [(String, WrongWord.Fault?)])
  func check(_ word: String, _ fault: WrongWord.Fault?) throws {
    let map = try #require(MemoryMap(Text(listing)))
    var faults: [WrongWord.Fault] = []
    let count = SoftReservation.check(Text(bytes: Array("root=/dev/vda1 \(word) quiet\n".utf8)), map) {
      #expect(string($0.text).contains("'\(word)'"))
      faults.append($0.fault)
    }
    #expect(count == 1)
    #expect(faults == (fault.map { [$0] } ?? []))
  }

  @Test("the kernel's other memmap= words are left alone", arguments: ["exactmap", "64M@1G", "64K#16M", "64K$16M", "4G!8G"])
  func others(_ value: String) throws {
    let map = try #require(MemoryMap(Text(listing)))
    #expect(SoftReservation.check(Text(bytes: Array("memmap=\(value)".utf8)), map) { _ in Issue.record("told") } == 0)
  }
}
