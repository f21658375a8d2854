/// A page frame number: a physical address divided by the page size.
public struct PFN: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static func < (left: PFN, right: PFN) -> Bool { left.rawValue < right.rawValue }

  public var description: String { String(rawValue) }
}
