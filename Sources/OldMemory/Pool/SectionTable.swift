import Frames
import Platform
import Vmcore

/// The classes of reusable frames in the order in which they are given out: the least valuable to a dump first.
public enum ReuseClass: UInt8, CaseIterable, BitwiseCopyable {
  case free, cache, user

  var bit: UInt8 { 1 << rawValue }
}

/// The scan's summary of a section: 16 bytes.
struct SectionSummary {
  /// Reusable frames of each class, until they are offered in an open section's bitmap.
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
  /// Adjoining sections: their numbers, sorted, and the place of the first.
  private let ranges: [(numbers: Range<Int>, place: Int)]
  var summaries: [SectionSummary]

  /// A table of the given sections: sorted ranges that don't overlap.
  init(_ sections: [Range<Int>]) {
    var ranges: [(numbers: Range<Int>, place: Int)] = []
    var count = 0
    for numbers in sections {
      ranges.append((numbers, count))
      count += numbers.count
    }
    self.ranges = ranges
    summaries = [SectionSummary](repeating: SectionSummary(), count: count)
  }

  /// The place in the table of the section with this number.
  func index(of section: Int) -> Int? {
    guard let range = last({ $0.numbers.lowerBound <= section }), range.numbers.contains(section) else { return nil }
    return range.place + section - range.numbers.lowerBound
  }

  /// The number of the section at a place in the table.
  func number(at index: Int) -> Int {
    guard let range = last({ $0.place <= index }), index - range.place < range.numbers.count
    else { preconditionFailure("a place beyond the table") }
    return range.numbers.lowerBound + index - range.place
  }

  /// The last range for which `isEarly` holds, as it must for all ranges before that.
  private func last(_ isEarly: ((numbers: Range<Int>, place: Int)) -> Bool) -> (numbers: Range<Int>, place: Int)? {
    let next = ranges.indices.firstPlace { !isEarly(ranges[$0]) }
    return next > 0 ? ranges[next - 1] : nil
  }

  /// The first frame of the section at a place in the table.
  func firstFrame(at index: Int) -> FrameNumber { FrameNumber(UInt64(number(at: index)) << UInt64(X86_64.sectionShift)) }
}
