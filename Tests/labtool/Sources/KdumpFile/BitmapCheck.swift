/// Compares the frames that oldmemfs would take with the pages that makedumpfile dumps.
public struct BitmapCheck {
  /// Listed frames by class.
  public private(set) var listed: [String: UInt64] = [:]
  /// Listed frames that makedumpfile dumps: overwriting one changes the dump.
  public private(set) var dumped: [PFN] = []
  /// Listed frames that are not memory of the crashed kernel.
  public private(set) var notMemory: [PFN] = []
  /// Pages of RAM that makedumpfile leaves out.
  public let excluded: UInt64

  public var isRight: Bool { dumped.isEmpty && notMemory.isEmpty }

  public init(_ dump: Dump, _ ranges: FrameRanges) throws(LabError) {
    excluded = dump.memoryPages - min(dump.dumpedPages, dump.memoryPages)
    for run in ranges.runs {
      listed[run.pageClass, default: 0] += run.count
      for number in run.pfns {
        let pfn = PFN(rawValue: number)
        if try dump.isDumped(pfn) { dumped.append(pfn) }
        if try !dump.isMemory(pfn) { notMemory.append(pfn) }
      }
    }
  }
}
