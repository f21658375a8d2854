extension Range<Int> {
  /// The first place for which `isBeyond` holds, as it must for all places after it; the end if there is none.
  @inline(__always)
  public func firstPlace(where isBeyond: (Int) -> Bool) -> Int {
    var low = lowerBound
    var high = upperBound
    while low < high {
      // Not a division, which -Osize leaves to the processor: places are not negative.
      let middle = (low + high) >> 1
      if isBeyond(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
