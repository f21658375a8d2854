import Vmcore

public var framesPerSection: Int { X86_64.framesPerSection }

/// One bit for each frame of a section, in memory that the caller owns.
///
/// Memory safety: `words` points at 512 words of the `OpenSection`'s mapping, which outlives the bitmap; every index
/// is checked against `framesPerSection`.
struct FrameBitmap {
  private let words: UnsafeMutablePointer<UInt64>

  static var byteCount: Int { framesPerSection / 8 }

  /// A bitmap over `byteCount` bytes of page-aligned memory.
  init(over memory: UnsafeMutableRawBufferPointer) {
    precondition(memory.count == Self.byteCount)
    words = memory.bindMemory(to: UInt64.self).baseAddress!
  }

  subscript(frame: Int) -> Bool {
    get {
      precondition(frame >= 0 && frame < framesPerSection)
      return words[frame >> 6] & (1 << UInt64(frame & 63)) != 0
    }
    nonmutating set {
      precondition(frame >= 0 && frame < framesPerSection)
      let bit: UInt64 = 1 << UInt64(frame & 63)
      if newValue { words[frame >> 6] |= bit } else { words[frame >> 6] &= ~bit }
    }
  }

  /// Sets the bits of a range, and returns how many of them were clear.
  @discardableResult
  func insert(_ range: Range<Int>) -> Int { change(range, to: true) }

  /// Clears the bits of a range, and returns how many of them were set.
  @discardableResult
  func remove(_ range: Range<Int>) -> Int { change(range, to: false) }

  @inline(never)
  private func change(_ range: Range<Int>, to isSet: Bool) -> Int {
    precondition(range.lowerBound >= 0 && range.upperBound <= framesPerSection)
    var changed = 0
    var frame = range.lowerBound
    while frame < range.upperBound {
      let low = frame & 63
      let count = min(64 - low, range.upperBound - frame)
      let mask = (count == 64 ? UInt64.max : (1 << UInt64(count)) - 1) << UInt64(low)
      let old = words[frame >> 6]
      let new = isSet ? old | mask : old & ~mask
      changed += (old ^ new).nonzeroBitCount
      words[frame >> 6] = new
      frame += count
    }
    return changed
  }

  /// The first set bit at or after `start`, or `framesPerSection`.
  func firstSet(from start: Int) -> Int { first(from: start, before: framesPerSection, inverted: 0) }

  /// The first clear bit at or after `start`, or `framesPerSection`.
  func firstClear(from start: Int) -> Int { first(from: start, before: framesPerSection, inverted: UInt64.max) }

  /// The first set bit in a range, or its end.
  func firstSet(from start: Int, before end: Int) -> Int { first(from: start, before: end, inverted: 0) }

  /// The first clear bit in a range, or its end.
  func firstClear(from start: Int, before end: Int) -> Int { first(from: start, before: end, inverted: UInt64.max) }

  @inline(never)
  private func first(from start: Int, before end: Int, inverted: UInt64) -> Int {
    precondition(start >= 0 && end <= framesPerSection)
    guard start < end else { return end }
    var index = start >> 6
    var word = (words[index] ^ inverted) & (UInt64.max << UInt64(start & 63))
    while word == 0 {
      index += 1
      guard index << 6 < end else { return end }
      word = words[index] ^ inverted
    }
    return min(end, index << 6 + word.trailingZeroBitCount)
  }

  /// The length of the run of set bits at `start`, at most `limit`.
  func runLength(from start: Int, limit: Int) -> Int {
    guard start < framesPerSection else { return 0 }
    return firstClear(from: start, before: min(framesPerSection, start + limit)) - start
  }

  /// The run of set bits around a range of set bits. Beyond 1,024 bits to a side the search ends, and the run is taken to reach the
  /// section's border.
  func run(around range: Range<Int>) -> Range<Int> {
    let most = 1024
    let end = range.upperBound + runLength(from: range.upperBound, limit: most)
    var start = range.lowerBound
    while start > 0, range.lowerBound - start < most {
      let bits = (start - 1) & 63 + 1
      let set = min(bits, (~words[(start - 1) >> 6] << UInt64(64 - bits)).leadingZeroBitCount)
      start -= set
      guard set == bits else { break }
    }
    return (range.lowerBound - start < most ? start : 0)..<(end - range.upperBound < most ? end : framesPerSection)
  }
}
