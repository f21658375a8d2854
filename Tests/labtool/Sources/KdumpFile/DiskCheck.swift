/// A disk of the crashed kernel after it has done what was in flight, held against the disk at the crash and against the pages that the
/// kernel had in flight: what was written has to be one of these.
public struct DiskCheck {
  /// What is compared: no block of the lab's file systems is smaller.
  static let unit: UInt64 = 1024
  /// KiB that were written, and those of them that are no page's.
  public private(set) var written: UInt64 = 0
  public private(set) var foreign: [UInt64] = []

  public init(before: MappedFile, after: MappedFile, pages: MappedFile) throws(LabError) {
    guard before.size == after.size, before.size % Self.unit == 0 else {
      throw LabError(after.path, "has \(after.size) bytes, and \(before.path) \(before.size)")
    }
    var known = Set<[UInt8]>()
    for offset in stride(from: 0, to: pages.size / Self.unit * Self.unit, by: Int(Self.unit)) {
      known.insert(Array(try pages.bytes(at: offset, count: Self.unit)))
    }
    for offset in stride(from: 0, to: before.size, by: Int(Self.unit)) {
      if try before.matches(at: offset, count: Self.unit, after, at: offset) { continue }
      written += 1
      if !known.contains(Array(try after.bytes(at: offset, count: Self.unit))) { foreign.append(offset / Self.unit) }
    }
  }
}
