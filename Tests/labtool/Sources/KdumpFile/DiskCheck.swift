/// Compares a disk of the crashed kernel, after it has completed the requests in flight, with the disk at the crash. All that was written
/// must come from pages that the kernel had in flight.
public struct DiskCheck {
  /// The unit of comparison, in bytes: the smallest block of the lab's file systems.
  static let unit: UInt64 = 1024
  /// The number of KiB that were written, and those that come from no page.
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
