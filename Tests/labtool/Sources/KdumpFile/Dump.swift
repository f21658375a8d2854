/// A dump in makedumpfile's compressed format: its pages, and their contents.
public struct Dump {
  public let file: MappedFile
  public let header: DumpHeader
  /// The number of pages of RAM, and of dumped ones.
  public let memoryPages: UInt64
  public let dumpedPages: UInt64

  /// Opens a dump and checks that it is whole: every page descriptor is there and points into the file.
  public init(path: String) throws(LabError) {
    file = try MappedFile(path: path)
    header = try DumpHeader(file)
    memoryPages = try Self.countBits(file, header.memoryBitmap, header.pfnLimit)
    dumpedPages = try Self.countBits(file, header.dumpedBitmap, header.pfnLimit)
    guard dumpedPages > 0 else { throw LabError(path, "holds no page") }
    for index in 0..<dumpedPages {
      let page = try descriptor(index)
      _ = try file.bytes(at: page.offset, count: page.size)
    }
  }

  /// Whether a page is RAM of the crashed kernel.
  public func isMemory(_ pfn: PFN) throws(LabError) -> Bool { try bit(pfn, header.memoryBitmap) }

  /// Whether a page is one that makedumpfile dumps.
  public func isDumped(_ pfn: PFN) throws(LabError) -> Bool { try bit(pfn, header.dumpedBitmap) }

  /// The position of a dumped page's data: `struct page_desc` in makedumpfile's `diskdump_mod.h`, 24 bytes each.
  struct PageDescriptor {
    let offset: UInt64
    let size: UInt64
    /// Compression and the page's own flags, as they are in the file.
    let flags: UInt32
    let pageFlags: UInt64
  }

  /// The descriptor of the `index`th dumped page, in PFN order.
  func descriptor(_ index: UInt64) throws(LabError) -> PageDescriptor {
    let offset = header.descriptors + index * 24
    return PageDescriptor(
      offset: try file.number(at: offset, as: UInt64.self),
      size: UInt64(try file.number(at: offset + 8, as: UInt32.self)),
      flags: try file.number(at: offset + 12, as: UInt32.self),
      pageFlags: try file.number(at: offset + 16, as: UInt64.self))
  }

  private func bit(_ pfn: PFN, _ bitmap: UInt64) throws(LabError) -> Bool {
    guard pfn.rawValue < header.pfnLimit else { return false }
    let byte = try file.number(at: bitmap + pfn.rawValue / 8, as: UInt8.self)
    return byte >> (pfn.rawValue % 8) & 1 == 1
  }

  private static func countBits(_ file: MappedFile, _ bitmap: UInt64, _ limit: UInt64) throws(LabError) -> UInt64 {
    var count: UInt64 = 0
    for byte in try file.bytes(at: bitmap, count: limit / 8) { count += UInt64(byte.nonzeroBitCount) }
    if limit % 8 != 0 {
      let last = try file.number(at: bitmap + limit / 8, as: UInt8.self)
      count += UInt64((last & (1 << UInt8(limit % 8) - 1)).nonzeroBitCount)
    }
    return count
  }
}
