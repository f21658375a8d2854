/// The fixed parts of a dump in makedumpfile's compressed format ("kdump-compressed").
///
/// Sources: `struct disk_dump_header` and `struct kdump_sub_header` in makedumpfile's `diskdump_mod.h`, as laid out on
/// x86_64: the header is block 0, the sub header starts at block 1.
public struct DumpHeader {
  /// The time stamp (`struct timeval`) of the dump itself. Two dumps of the same memory may differ here, and only here.
  public static let timestamp: Range<UInt64> = 408..<424

  /// Bit of `status`: makedumpfile ran out of space, or was stopped (`DUMP_DH_COMPRESSED_INCOMPLETE`).
  static let incomplete: UInt32 = 0x8

  public let kernelRelease: String
  /// makedumpfile's `-d`.
  public let dumpLevel: Int32
  /// Bytes; also the page size.
  public let blockSize: UInt64
  /// PFNs below this one have a bit in the bitmaps.
  public let pfnLimit: UInt64
  /// Byte offset of the first bitmap: one bit for each page of RAM.
  let memoryBitmap: UInt64
  /// Byte offset of the second bitmap: one bit for each page that is dumped.
  let dumpedBitmap: UInt64
  /// Byte offset of the first page descriptor.
  let descriptors: UInt64

  init(_ file: MappedFile) throws(LabError) {
    guard try file.bytes(at: 0, count: 8).elementsEqual("KDUMP   ".utf8) else {
      throw LabError(file.path, "does not begin with 'KDUMP   ': it is no dump of makedumpfile's compressed format")
    }
    let version = try file.number(at: 8, as: Int32.self)
    // max_mapnr_64 came with version 6 (makedumpfile 1.5.5).
    guard version >= 6 else { throw LabError(file.path, "has header version \(version); 6 or later can be read") }
    guard try file.number(at: 424, as: UInt32.self) & Self.incomplete == 0 else {
      throw LabError(file.path, "is marked incomplete: makedumpfile could not write all of it")
    }
    let block = try file.number(at: 428, as: UInt32.self)
    guard block == 4096 else { throw LabError(file.path, "has blocks of \(block) bytes; 4096 can be read") }
    blockSize = UInt64(block)
    let subBlocks = UInt64(try file.number(at: 432, as: UInt32.self))
    let bitmapBlocks = UInt64(try file.number(at: 436, as: UInt32.self))
    // Both are 32-bit counts of 4096 bytes, so sums don't overflow.
    memoryBitmap = (1 + subBlocks) * blockSize
    dumpedBitmap = memoryBitmap + bitmapBlocks / 2 * blockSize
    descriptors = memoryBitmap + bitmapBlocks * blockSize
    dumpLevel = try file.number(at: blockSize + 8, as: Int32.self)
    pfnLimit = try file.number(at: blockSize + 96, as: UInt64.self)
    guard pfnLimit <= bitmapBlocks / 2 * blockSize * 8 else {
      throw LabError(file.path, "its bitmaps of \(bitmapBlocks / 2) blocks can't hold \(pfnLimit) pages")
    }
    kernelRelease = try Self.kernelRelease(file)
  }

  /// `utsname.release`: the third of six fields of 65 bytes each, after signature and version.
  private static func kernelRelease(_ file: MappedFile) throws(LabError) -> String {
    let field = try file.bytes(at: 12 + 2 * 65, count: 65)
    return String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
  }
}
