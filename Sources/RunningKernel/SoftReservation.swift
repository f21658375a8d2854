import Platform

/// Memory of this kernel that its capture kernel shall find *soft-reserved*: no RAM of its own, but given to whoever asks device dax for
/// it (drivers/dax/hmem). Words `memmap=SIZE%START+0xefffffff` on the capture kernel's command line say so
/// (Documentation/admin-guide/kernel-parameters.txt; `E820_TYPE_SOFT_RESERVED`, arch/x86/include/asm/e820/types.h).
///
/// A word stands above all that the capture kernel knows of memory (`e820__update_table` prefers the highest type, arch/x86/kernel/e820.c):
/// one that overlaps the reservation, where this kernel puts it anew at each boot, leaves the capture kernel without memory.
public struct SoftReservation {
  /// The ranges that are reserved, in bytes, the most useful first.
  public private(set) var ranges: [Range<UInt64>] = []
  /// The ranges to swap to, in bytes (`SwapReservation`).
  public private(set) var swapRanges: [Range<UInt64>] = []
  /// The words, with a space between them: `idleWord`, `noHotplugWord` if it is needed, and one for each range.
  public private(set) var words = Text()
  /// The ranges for which there was no room, and the bytes in them.
  public private(set) var omittedRanges: UInt64 = 0
  public private(set) var omittedBytes: UInt64 = 0

  /// The alignment of a range: a large page. device dax maps with such, and refuses what is not aligned (`CONFIG_DEV_DAX_HMEM`'s
  /// `dax_region` has `PMD_SIZE`, drivers/dax/hmem/hmem.c). Memory blocks, which are larger, are cut from ranges later; what is left
  /// beside them is still mapped.
  static var alignment: UInt64 { 2 << 20 }
  /// Without it `dax_hmem`, which udev loads by itself, hands each region whole to the driver kmem, and all of it becomes RAM, what the dump
  /// needs as well (`dax_hmem_probe`, drivers/dax/hmem/hmem.c). The kernel and modprobe both heed it.
  public static var idleWord: Literal { "dax_hmem.region_idle=1" }

  /// Without it ACPI makes RAM of DIMMs by itself in the capture kernel, in spite of these words (`acpi_memory_hotplug_init`,
  /// drivers/acpi/acpi_memhotplug.c): what the dump needs would be overwritten.
  static var noHotplugWord: Literal { "acpi_no_memhotplug" }

  /// The end of a word: the type that the range gets.
  static var typeSuffix: Literal { "+0xefffffff" }

  /// Whether a command line has such words.
  public static func isOn(_ line: Text) -> Bool {
    line.split(UInt8(ascii: " ")).contains { $0.hasPrefix("memmap=") && $0.hasSuffix(typeSuffix) }
  }

  /// Whether this kernel's command line has such words.
  public static var isInForce: Bool { isOn(SysFile.text(Text("/proc"), "cmdline")) }

  /// Firmware's and kexec's own lie below (`crash_setup_memmap_entries`, arch/x86/kernel/crash.c).
  static var lowMemory: UInt64 { 1 << 20 }

  /// Reserves as much as `room` bytes of command line can say, the most useful ranges first: those that lie below the end of a
  /// reservation, and of these the largest. Where firmware tells of no NUMA node, memory above all that the capture kernel has for itself
  /// is in none, and can't be added as RAM there (`dev_dax_kmem_probe` refuses it, drivers/dax/kmem.c).
  ///
  /// - Parameters:
  ///   - swap: the bytes to swap to, which are left out of the soft-reserved ranges, and come first.
  ///   - hasDIMMs: whether ACPI knows of memory that can be plugged.
  public init(of map: MemoryMap, room: Int, swap: UInt64 = 0, hasDIMMs: Bool = false) {
    var head = Text(Self.idleWord)
    if hasDIMMs { head.append(" %", Text(Self.noHotplugWord)) }
    var candidates = Self.candidates(map)
    for range in SwapReservation.cut(swap, from: &candidates, sparing: map.image) {
      let longer = head.appending(" ").appending(Self.word(range, separator: "!"))
      guard longer.bytes.count <= room else { continue }
      head = longer
      swapRanges.append(range)
    }
    if !swapRanges.isEmpty { words = head }
    let end = map.reservations.last?.upperBound ?? 0
    candidates.insertionSort { Self.isBetter($0, than: $1, below: end) }
    for range in candidates {
      let word = Self.word(range, separator: "%", suffix: Self.typeSuffix)
      let count = (ranges.isEmpty ? head : words).bytes.count + 1 + word.bytes.count
      if count <= room {
        if ranges.isEmpty { words = head }
        words.append(" %", word)
        ranges.append(range)
      } else {
        omittedRanges += 1
        omittedBytes += range.upperBound - range.lowerBound
      }
    }
  }

  private static func isBetter(_ range: Range<UInt64>, than other: Range<UInt64>, below end: UInt64) -> Bool {
    if (range.lowerBound < end) != (other.lowerBound < end) { return range.lowerBound < end }
    return range.upperBound - range.lowerBound > other.upperBound - other.lowerBound
  }

  private static func word(_ range: Range<UInt64>, separator: Literal, suffix: Literal = "") -> Text {
    var word = Text("memmap=%", size(range.upperBound - range.lowerBound))
    word.append(separator)
    word.append("%%", size(range.lowerBound), Text(suffix))
    return word
  }

  /// A multiple of the alignment as the kernel's `memparse` reads it (lib/cmdline.c).
  private static func size(_ bytes: UInt64) -> Text {
    bytes % (1 << 30) == 0 ? Text("%G", bytes >> 30) : Text("%M", bytes >> 20)
  }

  /// All memory above 1 MiB, the reservations cut out, in aligned ranges.
  @inline(never)
  static func candidates(_ map: MemoryMap) -> [Range<UInt64>] {
    var ranges: [Range<UInt64>] = []
    func add(_ start: UInt64, _ end: UInt64) {
      let first = (start + alignment - 1) / alignment * alignment
      let last = end / alignment * alignment
      if first < last { ranges.append(first..<last) }
    }
    for memory in map.memory {
      var start = max(memory.lowerBound, lowMemory)
      for reservation in map.reservations where reservation.upperBound > start && reservation.lowerBound < memory.upperBound {
        add(start, reservation.lowerBound)
        start = reservation.upperBound
      }
      add(start, memory.upperBound)
    }
    return ranges
  }
}
