/// A physical address of the crashed machine, in bytes.
public struct PhysicalAddress: Comparable, BitwiseCopyable, Sendable {
  public let rawValue: UInt64

  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The number of a 4 KiB physical page.
public struct PFN: Comparable, BitwiseCopyable, Sendable {
  public let rawValue: UInt64

  /// Bytes in a page of x86-64.
  public static var pageSize: UInt64 { 4096 }
  /// x86-64 has at most 52 bits of physical address.
  public static var limit: UInt64 { 1 << 40 }

  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  public var address: PhysicalAddress { PhysicalAddress(rawValue &* PFN.pageSize) }

  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension PFN {
  /// The pages that lie in a range of bytes as a whole.
  public static func whole(in bytes: Range<UInt64>) -> Range<PFN> {
    let first = (bytes.lowerBound + pageSize - 1) / pageSize
    return PFN(first)..<PFN(max(first, bytes.upperBound / pageSize))
  }
}
