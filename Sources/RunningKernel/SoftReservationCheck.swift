import Platform

/// What is wrong with a word of a command line for the capture kernel of this boot.
public struct WrongWord: Describable {
  public enum Fault: Sendable {
    /// No `memmap=` of the kernel's that reserves memory: perhaps the end of the line was cut off.
    case malformed
    /// It takes memory that the capture kernel has to run in.
    case overlapsReservation
    /// It takes memory below 1 MiB.
    case low
    /// Some of it is no memory of this boot: there may be a device.
    case beyondMemory
    /// device dax can't use it.
    case unaligned
  }

  public let word: Text
  public let fault: Fault

  public func describe(to text: inout Text) {
    switch fault {
    case .malformed: text.append("'%' is cut off, or reserves no memory in a way that is known here", word)
    case .overlapsReservation: text.append("'%' overlaps the memory that crashkernel= reserves: the capture kernel would not start", word)
    case .low: text.append("'%' overlaps memory below 1 MiB, which is firmware's and kexec's", word)
    case .beyondMemory: text.append("'%' covers addresses that are no memory of this boot", word)
    case .unaligned: text.append("'%' does not begin and end at multiples of 2 MiB", word)
    }
  }
}

extension SoftReservation {
  /// Looks at each `memmap=` among words: hands those that don't fit this boot to `body`, and returns how many reserve memory.
  public static func check(_ words: Text, _ map: MemoryMap, _ body: (WrongWord) -> Void) -> Int {
    var count = 0
    for line in words.split(UInt8(ascii: "\n")) {
      for word in line.split(UInt8(ascii: " ")) {
        guard let value = word.value(of: "memmap="), !isOther(value), !isOthersPmem(value, map) else { continue }
        count += 1
        if let range = range(value) {
          if let fault = fault(range, map) { body(WrongWord(word: word, fault: fault)) }
        } else {
          body(WrongWord(word: word, fault: .malformed))
        }
      }
    }
    return count
  }

  /// Whether a `memmap=` is one of the kernel's others: `exactmap`, or one that adds memory (`@`), takes it away (`$`) or gives it to ACPI
  /// (`#`).
  private static func isOther(_ value: Text) -> Bool {
    if value == "exactmap" { return true }
    for byte in value.bytes {
      switch byte {
      case UInt8(ascii: "@"), UInt8(ascii: "$"), UInt8(ascii: "#"): return true
      default: break
      }
    }
    return false
  }

  /// Whether a word makes persistent memory of what is no memory of this boot: then this kernel has it as such already, by the same word.
  private static func isOthersPmem(_ value: Text, _ map: MemoryMap) -> Bool {
    guard let range = SwapReservation.range(value) else { return false }
    return !(map.memory + map.reservations).contains { $0.overlaps(range) }
  }

  private static func fault(_ range: Range<UInt64>, _ map: MemoryMap) -> WrongWord.Fault? {
    if map.reservations.contains(where: { $0.overlaps(range) }) { return .overlapsReservation }
    if range.lowerBound < lowMemory { return .low }
    if !map.memory.contains(where: { $0.lowerBound <= range.lowerBound && range.upperBound <= $0.upperBound }) { return .beyondMemory }
    return range.lowerBound % alignment == 0 && range.upperBound % alignment == 0 ? nil : .unaligned
  }

  /// The range of `SIZE%START+0xefffffff` or `SIZE!START`; nil for anything else.
  private static func range(_ value: Text) -> Range<UInt64>? {
    if let range = SwapReservation.range(value) { return range }
    let sides = value.split(UInt8(ascii: "%"))
    guard sides.count == 2 else { return nil }
    let place = sides[1].split(UInt8(ascii: "+"))
    guard place.count == 2, place[1] == "0xefffffff" else { return nil }
    return range(size: sides[0], start: place[0])
  }

  /// nil if one of them is no number, or the range is empty or has no end.
  static func range(size: Text, start: Text) -> Range<UInt64>? {
    guard let size = bytes(size), size > 0, let start = bytes(start) else { return nil }
    let (end, overflow) = start.addingReportingOverflow(size)
    return overflow ? nil : start..<end
  }

  /// A number of bytes as the kernel reads it, which knows hexadecimal and octal as well.
  private static func bytes(_ text: Text) -> UInt64? {
    text.byteCount { digits in
      digits.value(of: "0x").map { $0.number(radix: 16) } ?? digits.number(radix: digits.hasPrefix("0") ? 8 : 10)
    }
  }
}
