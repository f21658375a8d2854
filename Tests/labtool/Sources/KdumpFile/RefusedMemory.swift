/// Parts of old memory that the capture kernel does not allow `/dev/mem` to map.
///
/// With `CONFIG_IO_STRICT_DEVMEM` it refuses busy resources (`iomem_is_exclusive` in `kernel/resource.c`). From the end of the capture
/// kernel's own RAM to the next multiple of 64 MiB there is such a resource, "RAM buffer"
/// (`e820__reserve_resources_late` in `arch/x86/kernel/e820.c`). With `iomem=relaxed` nothing is refused (`strict_iomem` there).
public struct RefusedMemory {
  private var ranges: [ClosedRange<UInt64>] = []

  /// Reads copies of the capture kernel's `/proc/iomem`, made by root, and `/proc/cmdline`.
  public init(iomem path: String, commandLine: String) throws(LabError) {
    let lines = try TextLines(path: path).lines
    guard lines.contains(where: { $0.hasSuffix(": System RAM") && !$0.hasPrefix("00000000-00000000") }) else {
      throw LabError(path, "names no System RAM: it is no copy of /proc/iomem, or one that root did not make")
    }
    // The last iomem= counts, and any other value means the kernel's default.
    let words = try TextLines(path: commandLine).lines.flatMap { $0.split(separator: " ") }
    if words.last(where: { $0.hasPrefix("iomem=") })?.hasPrefix("iomem=relaxed") == true { return }
    for line in lines where line.hasSuffix(": RAM buffer") {
      let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard ends.count == 2, ends[0] <= ends[1] else { throw LabError(path, "'\(line)' is no range") }
      ranges.append(ends[0]...ends[1])
    }
  }

  /// The number of frames of a list that are refused.
  public func frames(of list: FrameRanges) -> UInt64 {
    var count: UInt64 = 0
    for range in ranges {
      let pages = (range.lowerBound / 4096)..<(range.upperBound / 4096 + 1)
      for run in list.runs { count += UInt64(run.pfns.clamped(to: pages).count) }
    }
    return count
  }
}
