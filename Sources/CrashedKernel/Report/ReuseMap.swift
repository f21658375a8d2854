import Vmcore

/// A map of memory in cells of equal size, few enough to print: how much of each cell is reusable.
public struct ReuseMap {
  /// Frames of a cell.
  public private(set) var cellFrames: UInt64 = 64
  /// The rows that have memory, in order.
  public private(set) var rows: [Row] = []

  public static var columns: Int { 64 }
  /// The most rows that a map has.
  private static var mostRows: Int { 16 }

  public struct Cell: BitwiseCopyable, Sendable {
    /// Frames of memory; of these, reusable ones, ones that the capture kernel has, and ones whose struct pages can't be read.
    public internal(set) var frames: UInt64 = 0
    public internal(set) var reusable: UInt64 = 0
    public internal(set) var taken: UInt64 = 0
    public internal(set) var unreadable: UInt64 = 0
  }

  /// Cells that lie one after the other, from a PFN on that is a multiple of a row's frames.
  public struct Row {
    public let first: UInt64
    public internal(set) var cells: [Cell]
  }

  /// A map without any reusable memory yet. Its cells are the smallest with which all segments fit into it.
  init(of segments: [LoadSegment]) {
    var starts: [UInt64] = []
    repeat {
      cellFrames *= 2
      starts = Self.rows(of: segments, rowFrames: rowFrames)
    } while starts.count > Self.mostRows
    for start in starts { rows.append(Row(first: start, cells: [Cell](repeating: Cell(), count: Self.columns))) }
    for segment in segments {
      add(segment.frames.lowerBound.rawValue, segment.count) { $0.frames += $1 }
    }
  }

  private var rowFrames: UInt64 { cellFrames * UInt64(Self.columns) }

  /// The first PFNs of the rows that have memory; one more than `mostRows` if there are too many.
  private static func rows(of segments: [LoadSegment], rowFrames: UInt64) -> [UInt64] {
    var starts: [UInt64] = []
    for segment in segments {
      var start = segment.frames.lowerBound.rawValue / rowFrames * rowFrames
      while start < segment.frames.upperBound.rawValue, starts.count <= mostRows {
        if starts.last.map({ $0 < start }) ?? true { starts.append(start) }
        start += rowFrames
      }
    }
    return starts
  }

  mutating func addReusable(_ first: UInt64, _ count: UInt64) { add(first, count) { $0.reusable += $1 } }

  mutating func addTaken(_ first: UInt64, _ count: UInt64) { add(first, count) { $0.taken += $1 } }

  mutating func addUnreadable(_ first: UInt64, _ count: UInt64) { add(first, count) { $0.unreadable += $1 } }

  /// Adds frames, all of which are memory, to the cells that they lie in.
  private mutating func add(_ first: UInt64, _ count: UInt64, _ change: (inout Cell, UInt64) -> Void) {
    var next = first
    let end = first + count
    var row = 0
    while next < end {
      while row < rows.count, rows[row].first + rowFrames <= next { row += 1 }
      guard row < rows.count, rows[row].first <= next else { return }
      let cell = Int((next - rows[row].first) / cellFrames)
      let part = min(end, rows[row].first + UInt64(cell + 1) * cellFrames) - next
      change(&rows[row].cells[cell], part)
      next += part
    }
  }
}
