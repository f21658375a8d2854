import CrashedKernel
import Platform

/// Where a pool's frames come from, section by section.
enum FrameSource {
  /// The frames of a crashed kernel that are reusable under the policy.
  case crashed(CrashedKernel, ReusePolicy)
  /// Frames of anonymous memory, all free.
  case scratch(frames: Int)

  /// The numbers of all sections, as sorted ranges.
  var sections: [Range<Int>] {
    switch self {
    case .crashed(let kernel, _): return kernel.sectionRanges
    case .scratch(let frames): return [0..<(frames + framesPerSection - 1) / framesPerSection]
    }
  }

  /// Calls `body` with each run of frames of a section that may be reused, by place in the section; an error if the section
  /// can't be read.
  func reusable(in section: Int, with map: FrameMap, _ body: (ReuseClass, Range<Int>) -> Void) throws(KernelError) {
    switch self {
    case .scratch(let frames):
      body(.free, 0..<min(framesPerSection, frames - section * framesPerSection))
    case .crashed(let kernel, let policy):
      try kernel.classify(section: section, into: map)
      var start = 0
      while start < framesPerSection {
        let end = map.endOfStretch(from: start)
        if let reuse = reuseClass(map[start], policy) { body(reuse, start..<end) }
        start = end
      }
    }
  }
}

/// The class in which a frame is given out; nil if the policy leaves it alone.
private func reuseClass(_ state: FrameState, _ policy: ReusePolicy) -> ReuseClass? {
  guard policy.isReusable(state) else { return nil }
  switch state.frameClass {
  case .free: return .free
  case .cache, .privateCache: return .cache
  case .user, .hugetlb: return .user
  case .absent, .kernel, .poisoned, .offline, .unaccepted: return nil
  }
}
