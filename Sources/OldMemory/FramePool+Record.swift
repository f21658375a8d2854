extension FramePool {
  /// Calls `body` with each run of frames overwritten since the mount, in order of frame number.
  public func forEachOverwrittenRun(_ body: (FrameRun) -> Void) {
    for index in table.summaries.indices {
      guard let open = table.summaries[index].open else { continue }
      var start = open.overwritten.firstSet(from: 0)
      while start < framesPerSection {
        let end = open.overwritten.firstClear(from: start)
        body(FrameRun(first: table.firstFrame(at: index) + start, count: end - start))
        start = open.overwritten.firstSet(from: end)
      }
    }
  }
}
