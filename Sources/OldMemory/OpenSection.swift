// Memory safety: the bitmap and the checksums lie in `memory`, which this object owns for its whole life; indices are
// checked by FrameBitmap and `checksum(of:)`.
import Platform

/// What is kept of a section that holds file data, or has held some: which frames can be given out, which have been
/// overwritten, and a checksum for each frame in use.
///
/// It costs 12 KiB, and 4 KiB more for each 1,024 frames that are in use.
final class OpenSection {
  private let memory: Mapping
  private let checksums: UnsafeMutablePointer<UInt32>
  /// Frames that can be given out now.
  let available: FrameBitmap
  /// Frames that can be given out, or could: none becomes available a second time by being found again.
  private let offered: FrameBitmap
  /// Frames that have been written to since the mount, in use or not.
  let overwritten: FrameBitmap
  /// The classes whose frames are, or were, in `available`: one bit each, by `ReuseClass.rawValue`.
  var offeredClasses: UInt8 = 0
  /// Frames given out and not released.
  var inUse = 0

  private static var checksumOffset: Int { 3 * FrameBitmap.byteCount }
  private static var checksumBytes: Int { framesPerSection * MemoryLayout<UInt32>.stride }

  init() throws(Errno) {
    memory = try Mapping(anonymous: Self.checksumOffset + Self.checksumBytes)
    let bytes = memory.bytes
    available = FrameBitmap(over: .init(rebasing: bytes[0..<FrameBitmap.byteCount]))
    overwritten = FrameBitmap(over: .init(rebasing: bytes[FrameBitmap.byteCount..<2 * FrameBitmap.byteCount]))
    offered = FrameBitmap(over: .init(rebasing: bytes[2 * FrameBitmap.byteCount..<Self.checksumOffset]))
    checksums = (bytes.baseAddress! + Self.checksumOffset).bindMemory(to: UInt32.self, capacity: framesPerSection)
  }

  /// Makes those frames of a range available that have never been; how many they are.
  func offer(_ range: Range<Int>) -> Int {
    var added = 0
    var start = offered.firstClear(from: range.lowerBound)
    while start < range.upperBound {
      let end = min(range.upperBound, offered.firstSet(from: start))
      added += available.insert(start..<end)
      offered.insert(start..<end)
      start = offered.firstClear(from: end)
    }
    return added
  }

  /// The checksum that `frame` (in this section) was last written with.
  func checksum(of frame: Int) -> Checksum {
    precondition(frame >= 0 && frame < framesPerSection)
    return Checksum(rawValue: checksums[frame])
  }

  func setChecksum(_ checksum: Checksum, of frame: Int) {
    precondition(frame >= 0 && frame < framesPerSection)
    checksums[frame] = checksum.rawValue
  }

  /// Gives the checksums' memory back once no frame is in use.
  func discardChecksums() { memory.discard(offset: Self.checksumOffset, count: Self.checksumBytes) }
}
