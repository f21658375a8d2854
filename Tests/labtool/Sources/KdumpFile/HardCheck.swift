/// Compares the frames that oldmemfs would take with those that must never be taken.
public struct HardCheck {
  public let pages: HardPages
  /// Frames of each kind that are listed as reusable.
  public private(set) var taken: [HardPages.Kind: [PFN]] = [:]
  /// Frames below 1 MiB that are listed.
  public private(set) var low: [PFN] = []
  /// Kinds without a page that the kernel could have made.
  public let missing: [HardPages.Kind]
  /// Forbidden frames whose contents have changed.
  public private(set) var changed: [PFN] = []

  public init(_ pages: HardPages, _ ranges: FrameRanges, exceptions: Set<HardPages.Kind>) {
    self.pages = pages
    missing = HardPages.Kind.allCases.filter { pages.frames[$0] == nil && !(exceptions.contains($0) && pages.impossible[$0] != nil) }
    let listed = ranges.frameSet
    low = listed.filter { $0.rawValue < 256 }.sorted()
    for (kind, frames) in pages.frames { taken[kind] = frames.filter { listed.contains($0) } }
  }

  /// Forbidden kinds with a frame that is taken.
  public var wronglyTaken: [HardPages.Kind] {
    HardPages.Kind.allCases.filter { $0.isForbidden && !(taken[$0] ?? []).isEmpty }
  }

  public var isRight: Bool { wronglyTaken.isEmpty && low.isEmpty && missing.isEmpty && changed.isEmpty }

  /// Compares the contents that `labguest save-pages` saved before and after the file system was filled.
  public mutating func compare(_ before: MappedFile, _ after: MappedFile) throws(LabError) {
    for file in [before, after] where file.size != UInt64(pages.forbidden.count) * 4096 {
      throw LabError(file.path, "has \(file.size) bytes, not a page for each of \(pages.forbidden.count) frames")
    }
    for (index, pfn) in pages.forbidden.enumerated() {
      let offset = UInt64(index) * 4096
      if try !before.matches(at: offset, count: 4096, after, at: offset) { changed.append(pfn) }
    }
  }
}
