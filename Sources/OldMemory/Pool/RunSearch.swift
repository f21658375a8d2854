/// The search for runs of a section's available frames: where it goes on, and what it knows of the frames it has passed.
///
/// A sweep goes through the bitmap from its start to its end and takes what is long enough: half of what is asked for, or of the
/// longest run that there can be. A run that is too short is passed, and how long the longest of these was is the bound of the next
/// sweep. So a frame is looked at as often as the bound can be halved, however scattered the section is; and no call looks at more
/// than `mostSteps` runs and words before it takes the best that it has seen.
struct RunSearch {
  /// No run is longer.
  private var longest = framesPerSection
  /// How far the sweep has come.
  private var cursor = 0
  /// No run that begins before `cursor` is longer.
  private var passed = 0
  #if DEBUG
    /// Runs and words that were looked at, for tests.
    private(set) var steps = 0
  #endif

  private static var mostSteps: Int { 64 }

  /// A run of at most `count` set bits, which the caller takes; nil if no bit is set.
  @inline(never)
  mutating func next(in bitmap: FrameBitmap, upTo count: Int) -> Range<Int>? {
    var best = 0..<0
    var rest = Self.mostSteps
    while true {
      let start = bitmap.firstSet(from: cursor)
      let words = 1 + start >> 6 - cursor >> 6
      #if DEBUG
        steps += words
      #endif
      rest -= words
      guard start < framesPerSection else {
        // All that is left lies before the cursor.
        if passed == 0 || !best.isEmpty { break }
        longest = passed
        cursor = 0
        passed = 0
        continue
      }
      let end = bitmap.firstClear(from: start, before: min(framesPerSection, start + count))
      if end - start >= (min(count, longest) + 1) / 2 {
        cursor = start
        return start..<end
      }
      passed = max(passed, end - start)
      cursor = end
      if end - start > best.count { best = start..<end }
      guard rest > 0 else { break }
    }
    return best.isEmpty ? nil : best
  }

  /// Bits of a range have been set.
  mutating func note(_ range: Range<Int>, in bitmap: FrameBitmap) {
    let run = bitmap.run(around: range)
    longest = max(longest, run.count)
    if run.lowerBound < cursor { passed = max(passed, run.count) }
  }
}
