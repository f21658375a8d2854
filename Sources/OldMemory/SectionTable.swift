/// The classes of reusable frames in the order in which they are given out: what is least worth keeping comes first.
public enum ReuseClass: UInt8, CaseIterable, BitwiseCopyable {
  case free, cache, user

  var bit: UInt8 { 1 << rawValue }
}

/// What the scan keeps of a section: 16 bytes, whatever the section holds.
struct SectionSummary {
  /// Frames of each class that the section can still give out: all that are reusable less those given out or refused.
  var left = InlineArray<3, UInt16>(repeating: 0)
  var state = State.unscanned
  var open: OpenSection?

  enum State: UInt8, BitwiseCopyable {
    /// Not looked at yet.
    case unscanned
    /// Counted.
    case scanned
    /// Its struct pages can't be read or make no sense; none of its frames is used.
    case damaged
  }
}

/// The sections of a store by number, kept densely: a machine's memory can have wide holes.
struct SectionTable {
  /// Adjoining sections, by number.
  private let ranges: [Range<Int>]
  var summaries: [SectionSummary]

  /// A table of the given sections, which are sorted, don't overlap, and are as many as the memory that exists has.
  init(_ ranges: [Range<Int>]) {
    self.ranges = ranges
    var count = 0
    for range in ranges { count += range.count }
    summaries = [SectionSummary](repeating: SectionSummary(), count: count)
  }

  /// The place in the table of the section with this number.
  func index(of section: Int) -> Int? {
    var start = 0
    for range in ranges {
      if range.contains(section) { return start + section - range.lowerBound }
      start += range.count
    }
    return nil
  }

  /// The number of the section at a place in the table.
  func number(at index: Int) -> Int {
    var start = 0
    for range in ranges {
      if index - start < range.count { return range.lowerBound + index - start }
      start += range.count
    }
    preconditionFailure("a place beyond the table")
  }

  /// The first frame of the section at a place in the table.
  func firstFrame(at index: Int) -> FrameNumber { FrameNumber(UInt64(number(at: index)) << UInt64(sectionShift)) }
}
