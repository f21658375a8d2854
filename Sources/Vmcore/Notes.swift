import Platform

/// Finds a note in a PT_NOTE segment (elf.h, Elf64_Nhdr: sizes of name and contents, type; both padded to 4 bytes).
struct Notes {
  let file: Range<UInt64>

  /// The contents of the first note named `name`, nil if there is none. Each CPU has a note with its registers, so there may be
  /// thousands; the search ends after 65,536.
  func first(named name: Literal, _ descriptor: borrowing FileDescriptor, size: UInt64) throws(VmcoreError) -> [UInt8]? {
    var position = file.lowerBound
    for _ in 0..<(1 << 16) {
      guard position < file.upperBound, file.upperBound - position >= 12 else { return nil }
      let header = ByteReader(bytes: try ELFHeaders.bytes(of: descriptor, at: position, count: 12, size: size))
      guard let nameSize = header.u32(0), let contentSize = header.u32(4) else { return nil }
      // An empty note ends the notes of an architecture's own segment.
      guard nameSize > 0 || contentSize > 0 else { return nil }
      let contents = position + 12 + (nameSize + 3) / 4 * 4
      let end = contents + (contentSize + 3) / 4 * 4
      guard contents + contentSize <= file.upperBound else { throw .malformed("a note is longer than its segment") }
      if nameSize >= UInt64(name.count), nameSize <= UInt64(name.count) + 1 {
        let found = try ELFHeaders.bytes(of: descriptor, at: position + 12, count: name.count, size: size)
        if found.elementsEqual(name) {
          let count = Int(min(contentSize, UInt64(VMCoreInfo.mostBytes)))
          return try ELFHeaders.bytes(of: descriptor, at: contents, count: count, size: size)
        }
      }
      position = end
    }
    return nil
  }
}
