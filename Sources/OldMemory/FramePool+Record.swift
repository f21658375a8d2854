import CrashedKernel

extension FramePool {
  /// Runs of frames overwritten since the mount, in order of frame number: those from a frame on, at most so many; and from
  /// where there are more, nil if there are none.
  public func overwrittenRuns(from frame: UInt64, most: Int) -> (runs: [FrameRun], next: UInt64?) {
    var runs: [FrameRun] = []
    for index in table.summaries.indices {
      guard let open = table.summaries[index].open else { continue }
      let first = table.firstFrame(at: index).rawValue
      guard first + UInt64(framesPerSection) > frame else { continue }
      var start = open.overwritten.firstSet(from: frame > first ? Int(frame - first) : 0)
      while start < framesPerSection {
        if runs.count == most { return (runs, first + UInt64(start)) }
        let end = open.overwritten.firstClear(from: start)
        runs.append(FrameRun(first: FrameNumber(first + UInt64(start)), count: end - start))
        start = open.overwritten.firstSet(from: end)
      }
    }
    return (runs, nil)
  }

  /// The dump level whose frames these are; nil for scratch memory.
  public var level: UInt32? {
    guard case .crashed(_, let policy) = source else { return nil }
    return policy.level.rawValue
  }
}
