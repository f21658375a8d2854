extension Array {
  /// Sorts by insertion, which keeps the order of equals: for a few elements, or nearly sorted ones. The library's sort is large.
  public mutating func insertionSort(_ isBefore: (Element, Element) -> Bool) {
    for index in indices.dropFirst() {
      var place = index
      while place > 0, isBefore(self[place], self[place - 1]) {
        swapAt(place - 1, place)
        place -= 1
      }
    }
  }
}
