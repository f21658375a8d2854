import Platform

/// A set of frames as sorted ranges that don't touch. The number of ranges is bounded: beyond it, the closest ranges are merged with
/// the gaps between them. So the set may hold frames too many, but never one too few.
struct FrameRanges {
  private(set) var ranges: [Range<UInt64>] = []
  /// Gaps up to this many frames are closed.
  private var smallestGap: UInt64 = 0

  private static var most: Int { 4096 }

  @inline(never)
  mutating func insert(_ range: Range<UInt64>) {
    guard !range.isEmpty else { return }
    let place = self.place(of: range.lowerBound)
    var merged = range
    var end = place
    while end < ranges.count, ranges[end].lowerBound <= reach(range.upperBound) {
      merged = min(merged.lowerBound, ranges[end].lowerBound)..<max(merged.upperBound, ranges[end].upperBound)
      end += 1
    }
    if end - place == 1 { ranges[place] = merged } else { ranges.replaceSubrange(place..<end, with: [merged]) }
    while ranges.count > Self.most { closeGaps() }
  }

  private func reach(_ end: UInt64) -> UInt64 { end &+ smallestGap < end ? UInt64.max : end &+ smallestGap }

  /// The place of the first range that a range starting at a frame would touch, or that lies behind it.
  private func place(of frame: UInt64) -> Int { ranges.indices.firstPlace { reach(ranges[$0].upperBound) >= frame } }

  @inline(never)
  private mutating func closeGaps() {
    smallestGap = smallestGap * 2 + 1
    var kept: [Range<UInt64>] = []
    for range in ranges {
      if let last = kept.last, range.lowerBound <= reach(last.upperBound) {
        kept[kept.count - 1] = last.lowerBound..<range.upperBound
      } else {
        kept.append(range)
      }
    }
    ranges = kept
  }

  /// Calls `body` with the last frame of each range and every `stride`-th before it, until it returns an answer. Returns the answer,
  /// or nil.
  func sample<Answer>(each stride: UInt64, _ body: (UInt64) -> Answer?) -> Answer? {
    for range in ranges {
      var frame = range.upperBound
      while frame > range.lowerBound {
        if let answer = body(frame - 1) { return answer }
        frame -= min(stride, frame - range.lowerBound)
      }
    }
    return nil
  }

  /// The parts of a range that are in the set.
  func forEach(in range: Range<UInt64>, _ body: (Range<UInt64>) -> Void) {
    var place = self.place(of: range.lowerBound)
    while place < ranges.count, ranges[place].lowerBound < range.upperBound {
      let part = ranges[place].clamped(to: range)
      if !part.isEmpty { body(part) }
      place += 1
    }
  }
}
