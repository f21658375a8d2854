/// The output of `oldmemfs scan --ranges`: a line `FIRST_PFN COUNT CLASS` for each run of reusable frames, sorted. Or that of
/// `oldmemfs record`, which is the same without classes.
public struct FrameRanges {
  public struct Run {
    public let first: PFN
    public let count: UInt64
    public let pageClass: String

    /// The run's PFNs; `init(path:)` has made sure that they don't overflow.
    public var pfns: Range<UInt64> { first.rawValue..<(first.rawValue + count) }
  }

  public private(set) var runs: [Run] = []
  /// The number of frames in all runs.
  public private(set) var frames: UInt64 = 0

  /// All of the frames.
  public var frameSet: Set<PFN> {
    var set = Set<PFN>(minimumCapacity: Int(frames))
    for run in runs {
      for number in run.pfns { set.insert(PFN(rawValue: number)) }
    }
    return set
  }

  /// Reads such a file. An empty file is an error unless `mayBeEmpty`, since every check that no frame is wrong would pass with it.
  public init(path: String, mayBeEmpty: Bool = false, withClasses: Bool = true) throws(LabError) {
    var end: UInt64 = 0
    for (index, line) in try TextLines(path: path, mayBeEmpty: mayBeEmpty).lines.enumerated() {
      let words = line.split(separator: " ")
      guard words.count == (withClasses ? 3 : 2), let first = UInt64(words[0]), let count = UInt64(words[1]), count > 0 else {
        throw LabError(path, "line \(index + 1), '\(line)', is not 'FIRST_PFN COUNT\(withClasses ? " CLASS" : "")'")
      }
      let (next, overflow) = first.addingReportingOverflow(count)
      guard !overflow, first >= end else {
        throw LabError(path, "line \(index + 1), '\(line)', is not after the line before it")
      }
      end = next
      frames += count
      runs.append(Run(first: PFN(rawValue: first), count: count, pageClass: withClasses ? String(words[2]) : ""))
    }
    guard frames > 0 || mayBeEmpty else { throw LabError(path, "lists no frame") }
  }
}
