/// Compares the pages that oldmemfs finds in a vmcore at a dump level with those that makedumpfile leaves out of its dump.
///
/// A dump in the compressed format keeps each page of zeros at every level, since all of them refer to one page in the file.
public struct ClassCheck {
  /// Pages that makedumpfile leaves out.
  public let leftOut: UInt64
  /// Pages that oldmemfs counts in classes that the level leaves out, whether they may be written or not.
  public let found: UInt64
  /// Pages that makedumpfile leaves out by mistake, see `init`.
  public let mistaken: UInt64
  /// Of the found pages, those that it would write, and those that it holds back.
  public let reusable: UInt64
  public let heldBack: UInt64
  public let frames: BitmapCheck

  /// - Parameter kept: dumps of the same memory at levels 6 and 0, for a level that keeps cache. There makedumpfile takes the first tail
  ///   page of a cache folio of 7.x for an anonymous one and leaves it out, since `_entire_mapcount` lies where it looks for `mapping`.
  ///   Such pages are left out at level 6 too, and not at 0.
  public init(_ dump: Dump, _ ranges: FrameRanges, _ summary: ScanSummary, kept: (cache: Dump, base: Dump)? = nil) throws(LabError) {
    frames = try BitmapCheck(dump, ranges)
    leftOut = frames.excluded
    found = summary.classes.reduce(0) { $0 + (Self.leavesOut(summary.level, $1.key) ? $1.value.pages : 0) }
    reusable = summary.reusablePages
    heldBack = summary.heldBack.values.reduce(0, +)
    if let kept { mistaken = try Self.mistaken(dump, kept.cache, kept.base) } else { mistaken = 0 }
  }

  private static func mistaken(_ dump: Dump, _ cache: Dump, _ base: Dump) throws(LabError) -> UInt64 {
    var count: UInt64 = 0
    for number in 0..<min(dump.header.pfnLimit, cache.header.pfnLimit) {
      let pfn = PFN(rawValue: number)
      let state = (try base.isDumped(pfn), try dump.isDumped(pfn), try cache.isDumped(pfn))
      if state == (true, false, false) { count += 1 }
    }
    return count
  }

  /// At least 99 % of the pages left out are found, and no other page is.
  public var isComplete: Bool { found <= leftOut && (found + mistaken) * 100 >= leftOut * 99 }

  /// Each found page is either reusable or held back for a reason, and the list has the counted number of them. Broken and offline pages
  /// are in neither count: they are found by their class, and never written.
  public var isConsistent: Bool {
    let listed = frames.listed.values.reduce(0, +)
    return listed == reusable && reusable + heldBack <= found
  }

  /// By the bits of the level (makedumpfile(8), `-d`). Broken and offline pages are left out at every level
  /// (`__exclude_unnecessary_pages` in makedumpfile.c 1.7.8).
  static func leavesOut(_ level: UInt32, _ name: String) -> Bool {
    switch name {
    case "free": level & 16 != 0
    case "cache": level & 6 != 0
    case "private-cache": level & 4 != 0
    case "user", "hugetlb": level & 8 != 0
    case "poisoned", "offline": true
    default: false
    }
  }
}
