/// A disk of the crashed kernel after it has done what was in flight, held against the disk at the crash and against the pages that the
/// kernel had in flight: what was written has to be one of these.
public struct DiskCheck {
  /// What is compared: no block of the lab's file systems is smaller.
  static let unit: UInt64 = 1024
  /// How each block of a journal's own begins (`JBD2_MAGIC_NUMBER` in include/linux/jbd2.h, big-endian).
  static let journalMagic: [UInt8] = [0xc0, 0x3b, 0x39, 0x98]

  /// KiB that were written, and those of them that are no page's.
  public private(set) var written: UInt64 = 0
  public private(set) var foreign: [UInt64] = []

  public init(before: MappedFile, after: MappedFile, pages: MappedFile) throws(LabError) {
    guard before.size == after.size, before.size % 4096 == 0 else {
      throw LabError(after.path, "has \(after.size) bytes, and \(before.path) \(before.size)")
    }
    var known = Set<[UInt8]>()
    for offset in stride(from: 0, to: pages.size / Self.unit * Self.unit, by: Int(Self.unit)) {
      known.insert(Array(try pages.bytes(at: offset, count: Self.unit)))
    }
    for block in stride(from: UInt64(0), to: before.size, by: 4096) {
      if try before.matches(at: block, count: 4096, after, at: block) { continue }
      let isJournals = try after.bytes(at: block, count: 4).elementsEqual(Self.journalMagic)
      for offset in stride(from: block, to: block + 4096, by: Int(Self.unit)) {
        if try before.matches(at: offset, count: Self.unit, after, at: offset) { continue }
        written += 1
        let content = Array(try after.bytes(at: offset, count: Self.unit))
        if !isJournals && !known.contains(content) { foreign.append(offset / Self.unit) }
      }
    }
  }
}
