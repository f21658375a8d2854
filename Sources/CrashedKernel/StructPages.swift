// Memory safety: `bytes` is this object's own for its whole life and holds `count` struct pages; a place is checked against
// `count` before a field is loaded, and the layout was checked to keep every field inside a struct page.

/// A piece of the crashed kernel's `struct page` array, copied here.
final class StructPages {
  private let layout: PageLayout
  private let bytes: UnsafeMutableRawBufferPointer

  /// Struct pages in a piece of a section: 64 KiB of them where one has 64 bytes, which the CPU's cache holds.
  static var pieceCount: Int { 1024 }
  let count: Int

  init(_ layout: PageLayout, count: Int) {
    self.layout = layout
    self.count = count
    bytes = .allocate(byteCount: layout.size * count, alignment: 64)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { bytes.deallocate() }

  /// Copies the struct pages at a virtual address of the crashed kernel.
  func load(_ address: UInt64, with translation: AddressTranslation) throws(KernelError) {
    try translation.read(address, into: bytes, of: "mem_map")
  }

  /// The fields of the struct page at a place.
  @inline(__always)
  func page(_ place: Int) -> StructPage {
    precondition(place >= 0 && place < count)
    let base = UnsafeRawPointer(bytes.baseAddress!) + place * layout.size
    return StructPage(
      flags: base.loadUnaligned(fromByteOffset: layout.flags, as: UInt64.self),
      mapping: base.loadUnaligned(fromByteOffset: layout.mapping, as: UInt64.self),
      privateData: base.loadUnaligned(fromByteOffset: layout.privateData, as: UInt64.self),
      compoundHead: base.loadUnaligned(fromByteOffset: layout.compoundHead, as: UInt64.self),
      mapcount: base.loadUnaligned(fromByteOffset: layout.mapcount, as: UInt32.self),
      refcount: base.loadUnaligned(fromByteOffset: layout.refcount, as: UInt32.self))
  }

  /// The four 32-bit numbers at byte 16 of the struct page at a place.
  func counts(_ place: Int) -> (UInt32, UInt32, UInt32, UInt32) {
    precondition(place >= 0 && place < count)
    let base = UnsafeRawPointer(bytes.baseAddress!) + place * layout.size
    return (
      base.loadUnaligned(fromByteOffset: 16, as: UInt32.self), base.loadUnaligned(fromByteOffset: 20, as: UInt32.self),
      base.loadUnaligned(fromByteOffset: 24, as: UInt32.self), base.loadUnaligned(fromByteOffset: 28, as: UInt32.self)
    )
  }

  /// A byte of the struct page at a place.
  func byte(_ place: Int, at offset: Int) -> UInt8 {
    precondition(place >= 0 && place < count && offset >= 0 && offset < layout.size)
    return bytes[place * layout.size + offset]
  }
}

/// What is looked at of a `struct page`.
struct StructPage {
  let flags: UInt64
  let mapping: UInt64
  let privateData: UInt64
  let compoundHead: UInt64
  /// `_mapcount`, or the page's type.
  let mapcount: UInt32
  let refcount: UInt32

  var isTail: Bool { compoundHead & 1 != 0 }
}
