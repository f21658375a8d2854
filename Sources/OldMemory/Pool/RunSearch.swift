/// A next-fit search for long runs in a section's bitmap of available frames.
///
/// A sweep goes through the bitmap once and takes each run that is long enough: half of the request, or half of the bound if that is
/// less. The bound is the length of the longest run that can be left. Shorter runs are passed, and the longest of them becomes the bound
/// of the next sweep. So each frame is passed at most log2(bound) times, however scattered the section is, and no call looks at more
/// than `mostSteps` runs and words before it settles for the best run that it has seen.
struct RunSearch {
  /// The bound: no run is longer.
  private var longest = framesPerSection
  /// The place where the sweep goes on.
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
      if end - start >= (min(count, longest) + 1) >> 1 {
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
