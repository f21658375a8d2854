import Platform

/// How much memory this kernel has and can give, as `/proc/meminfo` says it, in KiB.
public struct MemoryAmounts {
  /// All that the page allocator has had.
  public let total: UInt64
  /// What programs can have without swapping.
  public let available: UInt64
  /// What nobody has.
  public let free: UInt64

  public init(_ listing: Text = Files.contents(of: Text("/proc/meminfo"))) {
    total = Self.amount("MemTotal:", listing)
    available = Self.amount("MemAvailable:", listing)
    free = Self.amount("MemFree:", listing)
  }

  /// KiB of files that wait for their disk or server, or are on their way there.
  public static func unwritten(_ listing: Text = Files.contents(of: Text("/proc/meminfo"))) -> UInt64 {
    amount("Dirty:", listing) + amount("Writeback:", listing)
  }

  private static func amount(_ name: Literal, _ listing: Text) -> UInt64 {
    listing.bytes.line(after: Text(name))?.split(UInt8(ascii: " ")).first?.number() ?? 0
  }
}
