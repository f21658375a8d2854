// Memory safety: the bitmap and the checksums lie in `memory`, which this object owns for its whole life; indices are
// checked by FrameBitmap and `checksum(of:)`.
import Platform

/// The state of a section that holds file data, or has held some: bitmaps of the frames that are available, offered, overwritten and
/// retired, and a checksum for each frame in use.
///
/// It costs 12 KiB, 4 KiB more for each 1,024 frames that are in use, and 4 KiB once a frame has failed.
final class OpenSection {
  private let memory: Mapping
  private let checksums: UnsafeMutablePointer<UInt32>
  /// Frames that can be given out now, and their number.
  let available: FrameBitmap
  private(set) var availableCount = 0
  private var search = RunSearch()
  /// Frames that were ever made available: none is offered twice.
  private let offered: FrameBitmap
  /// Frames that have been written to since the mount, in use or not.
  let overwritten: FrameBitmap
  /// Frames that could not be read or written, or did not hold what was written to them: once given back they stay out.
  let retired: FrameBitmap
  private(set) var hasRetired = false
  /// The section after this one in the pool's list of those with available frames, by place in the table.
  var nextWithRoom: Int32 = -1
  var isListed = false
  /// The classes whose frames are, or were, in `available`: one bit each, by `ReuseClass.rawValue`.
  var offeredClasses: UInt8 = 0
  /// Frames given out and not released.
  var inUse = 0

  private static var checksumOffset: Int { 4 * FrameBitmap.byteCount }
  private static var checksumBytes: Int { framesPerSection * MemoryLayout<UInt32>.stride }

  init() throws(Errno) {
    memory = try Mapping(anonymous: Self.checksumOffset + Self.checksumBytes)
    let bytes = memory.bytes
    func bitmap(_ place: Int) -> FrameBitmap {
      FrameBitmap(over: .init(rebasing: bytes[place * FrameBitmap.byteCount..<(place + 1) * FrameBitmap.byteCount]))
    }
    available = bitmap(0)
    overwritten = bitmap(1)
    offered = bitmap(2)
    retired = bitmap(3)
    checksums = (bytes.baseAddress! + Self.checksumOffset).bindMemory(to: UInt32.self, capacity: framesPerSection)
  }

  /// Makes those frames of a range available that never were; returns their number.
  func offer(_ range: Range<Int>) -> Int {
    var added = 0
    var start = offered.firstClear(from: range.lowerBound, before: range.upperBound)
    while start < range.upperBound {
      let end = offered.firstSet(from: start, before: range.upperBound)
      offered.insert(start..<end)
      added += give(start..<end)
      start = offered.firstClear(from: end, before: range.upperBound)
    }
    return added
  }

  /// Gives out a run of at most `count` available frames; nil if there are none.
  func take(upTo count: Int) -> Range<Int>? {
    guard availableCount > 0, let range = search.next(in: available, upTo: count) else { return nil }
    take(range)
    return range
  }

  /// Gives available frames out.
  func take(_ range: Range<Int>) {
    precondition(withdraw(range) == range.count, "a frame with two owners")
    inUse += range.count
  }

  /// Makes frames unavailable; returns how many of them were available.
  func withdraw(_ range: Range<Int>) -> Int {
    let removed = available.remove(range)
    availableCount -= removed
    return removed
  }

  /// Makes frames available, except retired ones; returns their number. None of them may be available already.
  func give(_ range: Range<Int>) -> Int {
    var given = 0
    var start = range.lowerBound
    while start < range.upperBound {
      let end = hasRetired ? retired.firstSet(from: start, before: range.upperBound) : range.upperBound
      if start < end {
        precondition(available.insert(start..<end) == end - start, "a frame released twice")
        search.note(start..<end, in: available)
        given += end - start
      }
      start = hasRetired ? retired.firstClear(from: end, before: range.upperBound) : end
    }
    availableCount += given
    return given
  }

  /// Keeps frames from ever being available again. Returns how many of them were: these leave the pool at once, the others when their
  /// owner gives them back.
  func retire(_ range: Range<Int>) -> Int {
    hasRetired = true
    retired.insert(range)
    return withdraw(range)
  }

  /// The checksum that `frame` (in this section) was last written with.
  func checksum(of frame: Int) -> Checksum {
    precondition(frame >= 0 && frame < framesPerSection)
    return Checksum(rawValue: checksums[frame])
  }

  func setChecksum(_ checksum: Checksum, of frame: Int) {
    precondition(frame >= 0 && frame < framesPerSection)
    checksums[frame] = checksum.rawValue
  }

  #if DEBUG
    /// See `RunSearch`.
    var searchSteps: Int { search.steps }
  #endif

  /// Gives the checksums' memory back once no frame is in use.
  func discardChecksums() { memory.discard(offset: Self.checksumOffset, count: Self.checksumBytes) }
}
