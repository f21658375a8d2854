/// makedumpfile's dump level (`-d`): bits that say which pages are left out of the dump (makedumpfile(8)).
public struct DumpLevel: OptionSet, BitwiseCopyable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Pages of zeros. They are the kernel's and have to stay zeros: never reusable.
  public static var zero: DumpLevel { DumpLevel(rawValue: 1) }
  public static var cache: DumpLevel { DumpLevel(rawValue: 2) }
  /// Page cache with private data, and that without as well.
  public static var privateCache: DumpLevel { DumpLevel(rawValue: 4) }
  public static var user: DumpLevel { DumpLevel(rawValue: 8) }
  public static var free: DumpLevel { DumpLevel(rawValue: 16) }

  /// Whether the level leaves frames of a class out of the dump because their contents are not wanted.
  public func excludes(_ frameClass: FrameClass) -> Bool {
    switch frameClass {
    case .free: return contains(.free)
    case .cache: return contains(.cache) || contains(.privateCache)
    case .privateCache: return contains(.privateCache)
    case .user, .hugetlb: return contains(.user)
    case .absent, .kernel, .poisoned, .offline, .unaccepted: return false
    }
  }

  /// Whether the level leaves out all that any level does, pages of zeros aside.
  public var excludesAll: Bool { isSuperset(of: [.privateCache, .user, .free]) }

  /// Whether makedumpfile leaves frames of a class out: those that the level `excludes`, and those without readable contents
  /// (`create_2nd_bitmap` and `__exclude_unnecessary_pages`, makedumpfile.c 1.7.8).
  public func leavesOut(_ frameClass: FrameClass) -> Bool {
    switch frameClass {
    case .poisoned, .offline: return true
    case .unaccepted: return contains(.free)
    default: return excludes(frameClass)
    }
  }
}

/// Which frames may be overwritten.
public struct ReusePolicy: BitwiseCopyable, Sendable {
  public let level: DumpLevel

  public init(level: DumpLevel) { self.level = level }

  /// Whether the dump leaves the frame out and nothing holds it.
  public func isReusable(_ state: FrameState) -> Bool { state.hold == .none && level.excludes(state.frameClass) }

  /// Whether the frame may also become RAM or swap of another kernel, where nothing checks that it still holds what was written to it: huge
  /// pages and pages with private data, of which a device may know, are left out.
  public func isReusableAsRAM(_ state: FrameState) -> Bool {
    switch state.frameClass {
    case .free, .cache, .user: return isReusable(state)
    case .absent, .kernel, .privateCache, .hugetlb, .poisoned, .offline, .unaccepted: return false
    }
  }
}
