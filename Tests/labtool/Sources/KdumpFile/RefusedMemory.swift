/// Parts of old memory that the capture kernel does not let `/dev/mem` map.
///
/// With `CONFIG_IO_STRICT_DEVMEM` a busy resource is refused (`iomem_is_exclusive` in `kernel/resource.c`), and what
/// lies between the end of the capture kernel's own RAM and the next 64 MiB boundary is one: "RAM buffer"
/// (`e820__reserve_resources_late` in `arch/x86/kernel/e820.c`). With `iomem=relaxed` nothing is refused (`strict_iomem` there).
public struct RefusedMemory {
  private var ranges: [ClosedRange<UInt64>] = []

  /// Reads a copy of the capture kernel's `/proc/iomem`, made by root, and one of its `/proc/cmdline`.
  public init(iomem path: String, commandLine: String) throws(LabError) {
    let lines = try TextLines(path: path).lines
    guard lines.contains(where: { $0.hasSuffix(": System RAM") && !$0.hasPrefix("00000000-00000000") }) else {
      throw LabError(path, "names no System RAM: it is no copy of /proc/iomem, or one that root did not make")
    }
    // The last of them counts, and anything that is not this word means the kernel's default.
    let words = try TextLines(path: commandLine).lines.flatMap { $0.split(separator: " ") }
    if words.last(where: { $0.hasPrefix("iomem=") })?.hasPrefix("iomem=relaxed") == true { return }
    for line in lines where line.hasSuffix(": RAM buffer") {
      let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard ends.count == 2, ends[0] <= ends[1] else { throw LabError(path, "'\(line)' is no range") }
      ranges.append(ends[0]...ends[1])
    }
  }

  /// How many frames of a list are refused.
  public func frames(of list: FrameRanges) -> UInt64 {
    var count: UInt64 = 0
    for range in ranges {
      let pages = (range.lowerBound / 4096)..<(range.upperBound / 4096 + 1)
      for run in list.runs { count += UInt64(run.pfns.clamped(to: pages).count) }
    }
    return count
  }
}
