import CrashedKernel
import Frames

extension FramePool {
  /// Calls `body` with each run of frames overwritten since the mount, in order of frame number from `frame` on, until it returns
  /// false. Returns the first frame of the run that was not taken; nil if all were.
  public func forEachOverwritten(from frame: UInt64, _ body: (FrameRun) -> Bool) -> UInt64? {
    for index in table.summaries.indices {
      guard let open = table.summaries[index].open else { continue }
      let first = table.firstFrame(at: index).rawValue
      guard first + UInt64(framesPerSection) > frame else { continue }
      var start = open.overwritten.firstSet(from: frame > first ? Int(frame - first) : 0)
      while start < framesPerSection {
        let end = open.overwritten.firstClear(from: start)
        guard body(FrameRun(first: FrameNumber(first + UInt64(start)), count: end - start)) else { return first + UInt64(start) }
        start = open.overwritten.firstSet(from: end)
      }
    }
    return nil
  }

  /// The dump level that decides on reuse; nil for scratch memory.
  public var level: UInt32? {
    guard case .crashed(_, let policy) = source else { return nil }
    return policy.level.rawValue
  }
}
