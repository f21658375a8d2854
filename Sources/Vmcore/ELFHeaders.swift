import Platform

/// A program header of an ELF64 file (elf.h, Elf64_Phdr).
struct ProgramHeader {
  let type: UInt64
  let offset: UInt64
  let virtual: UInt64
  let physical: UInt64
  let fileSize: UInt64

  static var load: UInt64 { 1 }
  static var note: UInt64 { 4 }
  static var size: Int { 56 }

  init?(_ reader: ByteReader, at base: Int) {
    guard let type = reader.u32(base), let offset = reader.u64(base + 8), let virtual = reader.u64(base + 16),
      let physical = reader.u64(base + 24), let fileSize = reader.u64(base + 32)
    else { return nil }
    self.type = type
    self.offset = offset
    self.virtual = virtual
    self.physical = physical
    self.fileSize = fileSize
  }
}

/// Reads the headers of an ELF64 core file of x86-64.
struct ELFHeaders {
  private let table: ByteReader
  private let count: Int

  /// A program header; nil beyond the last.
  subscript(index: Int) -> ProgramHeader? { index < count ? ProgramHeader(table, at: index * ProgramHeader.size) : nil }

  /// More than any machine has: a memory map of firmware has some hundred entries.
  private static var mostHeaders: UInt64 { 16384 }

  init(_ file: borrowing FileDescriptor, size: UInt64) throws(VmcoreError) {
    let header = ByteReader(bytes: try Self.bytes(of: file, at: 0, count: 64, size: size))
    try Self.checkIdentity(header)
    guard let offset = header.u64(32), let entrySize = header.u16(54), let shortCount = header.u16(56)
    else { throw .malformed("the ELF header is cut off") }
    guard entrySize == UInt64(ProgramHeader.size) else { throw .malformed("e_phentsize is not that of ELF64") }
    // 0xffff is PN_XNUM: the count is in sh_info of the first section header (elf(5)).
    let count = shortCount == 0xffff ? try Self.extendedCount(header, file, size) : shortCount
    guard count > 0, count <= Self.mostHeaders else { throw .malformed("an impossible number of program headers") }
    table = ByteReader(bytes: try Self.bytes(of: file, at: offset, count: Int(count) * ProgramHeader.size, size: size))
    self.count = Int(count)
  }

  private static func checkIdentity(_ header: ByteReader) throws(VmcoreError) {
    guard header.u32(0) == 0x464c_457f else { throw .notELF }
    guard header.number(at: 4, bytes: 1) == 2 else { throw .notCore("not 64-bit") }
    guard header.number(at: 5, bytes: 1) == 1 else { throw .notCore("not little-endian") }
    guard header.u16(16) == 4 else { throw .notCore("its type is not ET_CORE") }
    guard header.u16(18) == X86_64.machine else { throw .notCore("its machine is not EM_X86_64; other architectures are not supported") }
  }

  private static func extendedCount(
    _ header: ByteReader, _ file: borrowing FileDescriptor, _ size: UInt64
  ) throws(VmcoreError) -> UInt64 {
    guard let offset = header.u64(40), offset != 0 else { throw .malformed("PN_XNUM without a section header") }
    let section = ByteReader(bytes: try bytes(of: file, at: offset, count: 64, size: size))
    guard let count = section.u32(44) else { throw .malformed("PN_XNUM without a section header") }
    return count
  }

  /// Bytes of the file, all of them or an error.
  @inline(never)
  static func bytes(
    of file: borrowing FileDescriptor, at offset: UInt64, count: Int, size: UInt64
  ) throws(VmcoreError) -> [UInt8] {
    let (end, overflow) = offset.addingReportingOverflow(UInt64(count))
    guard !overflow, end <= size else { throw .truncated(needed: overflow ? UInt64.max : end, size: size) }
    var bytes = [UInt8](repeating: 0, count: count)
    let read = bytes.withUnsafeMutableBytes { buffer -> Result<Int, Errno> in
      do throws(Errno) { return .success(try file.read(into: buffer, at: offset)) } catch { return .failure(error) }
    }
    switch read {
    case .success(let done) where done == count: return bytes
    case .success(let done): throw .truncated(needed: end, size: offset + UInt64(done))
    case .failure(let error): throw .unreadable(error)
    }
  }
}
