/// Pages of the lab's first kernel that are hard to tell from reusable ones: the list of `labguest hard`, with a line
/// `RULE KIND FIRST_PFN COUNT` for each run of frames, or `cannot KIND WHY`.
public struct HardPages {
  /// Kinds that the list must mention.
  public enum Kind: String, CaseIterable, Sendable {
    case pinnedAnonymous = "pinned-anonymous"
    case pinnedHuge = "pinned-thp"
    case pinnedHugetlb = "pinned-hugetlb"
    case pinnedShared = "pinned-shared"
    case pipedAnonymous = "piped-anonymous"
    case pipedCache = "piped-cache"
    case directRead = "direct-read"
    case directWrite = "direct-write"
    case writeback = "writeback"
    case writebackBuffers = "writeback-buffers"
    case bufferWrite = "buffer-write"
    case bufferRead = "buffer-read"
    case journalWrite = "journal-write"
    case journalData = "journal-data"
    case locked = "locked"
    case poisoned = "poisoned"
    case offline = "offline"
    case unaccepted = "unaccepted"
    case mlocked = "mlocked"
    case huge = "thp"
    case hugetlbUsed = "hugetlb-used"
    case hugetlbFree = "hugetlb-free"
    case largeCache = "large-cache"

    /// Whether such a page must never be taken. Of the other kinds, the number of taken pages is shown.
    public var isForbidden: Bool {
      switch self {
      case .mlocked, .huge, .hugetlbUsed, .hugetlbFree, .largeCache: false
      default: true
      }
    }
  }

  /// Frames of each kind, in the list's order.
  public private(set) var frames: [Kind: [PFN]] = [:]
  /// Kinds that the kernel can't make, and why.
  public private(set) var impossible: [Kind: String] = [:]
  /// Forbidden frames in the order in which `labguest save-pages` saves them.
  public private(set) var forbidden: [PFN] = []

  public init(path: String) throws(LabError) {
    for (index, line) in try TextLines(path: path).lines.enumerated() {
      let words = line.split(separator: " ", maxSplits: line.hasPrefix("cannot ") ? 2 : 3)
      guard words.count >= 3, let kind = Kind(rawValue: String(words[1])) else {
        throw LabError(path, "line \(index + 1), '\(line)', tells of no known kind of page")
      }
      if words[0] == "cannot" {
        impossible[kind] = String(words[2])
        continue
      }
      guard words.count == 4, words[0] == (kind.isForbidden ? "never" : "may"), let first = UInt64(words[2]),
        let count = UInt64(words[3]), count > 0, !first.addingReportingOverflow(count).overflow
      else { throw LabError(path, "line \(index + 1), '\(line)', is not 'RULE KIND FIRST_PFN COUNT'") }
      let run = (first..<first + count).map { PFN(rawValue: $0) }
      frames[kind, default: []] += run
      if kind.isForbidden { forbidden += run }
    }
  }
}
