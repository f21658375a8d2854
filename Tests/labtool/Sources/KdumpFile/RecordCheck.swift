/// Compares the record of overwritten pages with two dumps of all memory, taken before and after.
public struct RecordCheck {
  /// The number of pages that differ, and those that are not on the record.
  public let changed: UInt64
  public let unrecorded: [PFN]
  /// The number of pages on the record, and those that are not reusable.
  public let recorded: UInt64
  public let notReusable: [PFN]

  public init(before: Dump, after: Dump, record: FrameRanges, ranges: FrameRanges) throws(LabError) {
    for dump in [before, after] where dump.dumpedPages != dump.memoryPages {
      throw LabError(dump.file.path, "holds \(dump.dumpedPages) of \(dump.memoryPages) pages: it has to hold all of memory")
    }
    let comparison = try DumpComparison(before, after)
    guard comparison.inOneOnly.isEmpty else {
      throw LabError(after.file.path, "is of other memory than \(before.file.path): a page is in one of them only")
    }
    let frames = record.frameSet
    changed = UInt64(comparison.changed.count)
    unrecorded = comparison.changed.filter { !frames.contains($0) }
    recorded = record.frames
    notReusable = frames.subtracting(ranges.frameSet).sorted()
  }

  /// Whether each page that differs is on the record, and nearly each page on it differs: a record of all pages would be useless. A few may
  /// not differ, as the same contents may have been written, or nothing yet to RAM that was added.
  ///
  /// - Parameter least: the least share of the pages on the record that differ, in percent.
  public func isRight(least: UInt64 = 99) -> Bool {
    changed > 0 && unrecorded.isEmpty && notReusable.isEmpty && changed * 100 >= recorded * least
  }
}
