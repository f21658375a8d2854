/// Whether two dumps are the same bytes, and if not, what differs.
public struct DumpComparison {
  /// No byte differs, except in the header's time stamp.
  public let isSame: Bool
  /// Pages that one of the dumps holds and the other does not.
  public private(set) var inOneOnly: [PFN] = []
  /// Pages that both hold with different content.
  public private(set) var changed: [PFN] = []

  public init(_ a: Dump, _ b: Dump) throws(LabError) {
    isSame = try Self.sameBytes(a.file, b.file)
    if !isSame { try findPages(a, b) }
  }

  private static func sameBytes(_ a: MappedFile, _ b: MappedFile) throws(LabError) -> Bool {
    guard a.size == b.size else { return false }
    let timestamp = DumpHeader.timestamp
    let before = try a.matches(at: 0, count: timestamp.lowerBound, b, at: 0)
    let rest = a.size - timestamp.upperBound
    let after = try a.matches(at: timestamp.upperBound, count: rest, b, at: timestamp.upperBound)
    return before && after
  }

  private mutating func findPages(_ a: Dump, _ b: Dump) throws(LabError) {
    var indexA: UInt64 = 0
    var indexB: UInt64 = 0
    for number in 0..<max(a.header.pfnLimit, b.header.pfnLimit) {
      let pfn = PFN(rawValue: number)
      switch (try a.isDumped(pfn), try b.isDumped(pfn)) {
      case (false, false): continue
      case (true, true):
        if try !Self.samePage(a, indexA, b, indexB) { changed.append(pfn) }
        indexA += 1
        indexB += 1
      case (true, false):
        inOneOnly.append(pfn)
        indexA += 1
      case (false, true):
        inOneOnly.append(pfn)
        indexB += 1
      }
    }
  }

  /// Whether the `indexA`th page of one dump equals the `indexB`th of the other. The position of its data does not count.
  private static func samePage(_ a: Dump, _ indexA: UInt64, _ b: Dump, _ indexB: UInt64) throws(LabError) -> Bool {
    let pageA = try a.descriptor(indexA)
    let pageB = try b.descriptor(indexB)
    guard pageA.flags == pageB.flags, pageA.pageFlags == pageB.pageFlags, pageA.size == pageB.size else { return false }
    return try a.file.matches(at: pageA.offset, count: pageA.size, b.file, at: pageB.offset)
  }
}
