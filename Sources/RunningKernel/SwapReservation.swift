import Platform

/// Memory of this kernel that its capture kernel shall swap to. Words `memmap=SIZE!START` on the capture kernel's command line make *legacy
/// persistent memory* of it there (Documentation/admin-guide/kernel-parameters.txt; `E820_TYPE_PRAM`, arch/x86/include/asm/e820/types.h): no RAM,
/// but block devices.
public enum SwapReservation {
  /// The ranges that such words on a command line name, in bytes.
  public static func ranges(in line: Text) -> [Range<UInt64>] {
    line.split(UInt8(ascii: " ")).compactMap { $0.value(of: "memmap=").flatMap(range) }
  }

  /// Those of this kernel's command line.
  public static var inForce: [Range<UInt64>] { ranges(in: SysFile.text(Text("/proc"), "cmdline")) }

  /// The range of `SIZE!START`; nil for anything else.
  static func range(_ value: Text) -> Range<UInt64>? {
    let sides = value.split(UInt8(ascii: "!"))
    guard sides.count == 2, value.bytes.first != UInt8(ascii: "!") else { return nil }
    return SoftReservation.range(size: sides[0], start: sides[1])
  }

  /// Cuts as many bytes as are asked for from the upper ends of ranges, which are sorted, and returns them, the highest first. The highest
  /// memory is the least useful as RAM: in the capture kernel it may be in no NUMA node.
  ///
  /// - Parameter image: the kernel's image, which is spared. No page of it can be swapped to, and by its pages a mount proves that what it
  ///   writes to is this kernel's memory: a block device's can't be mapped through `/dev/mem`.
  static func cut(_ bytes: UInt64, from ranges: inout [Range<UInt64>], sparing image: Range<UInt64>?) -> [Range<UInt64>] {
    var parts: [Range<UInt64>] = []
    // From the highest to the lowest.
    var left: [Range<UInt64>] = []
    var rest = roundedUp(bytes)
    for range in ranges.reversed() {
      var spared = range.lowerBound..<range.lowerBound
      if let image, image.overlaps(range) {
        spared = (image.lowerBound / SoftReservation.alignment * SoftReservation.alignment..<roundedUp(image.upperBound)).clamped(to: range)
      }
      let above = min(rest, range.upperBound - spared.upperBound)
      rest -= above
      let below = min(rest, spared.lowerBound - range.lowerBound)
      rest -= below
      parts.append(range.upperBound - above..<range.upperBound)
      parts.append(spared.lowerBound - below..<spared.lowerBound)
      if below > 0 { left.append(spared) }
      left.append(range.lowerBound..<(below > 0 ? spared.lowerBound - below : range.upperBound - above))
    }
    ranges = left.reversed().filter { !$0.isEmpty }
    return parts.filter { !$0.isEmpty }
  }

  private static func roundedUp(_ bytes: UInt64) -> UInt64 {
    (bytes + SoftReservation.alignment - 1) / SoftReservation.alignment * SoftReservation.alignment
  }
}
