// Memory safety: `copy` is this object's own for its whole life and holds `count` struct pages. `pages` points there, or into
// a window of the vmcore that holds as many and lives until the vmcore is read again: between `load` and the last look at a
// page nothing may be read. A place is checked against `count` before a field is loaded, and the layout was checked to keep
// every field inside a struct page.
import Platform

/// A piece of the crashed kernel's `struct page` array.
final class StructPages {
  private let layout: PageLayout
  private let copy: UnsafeMutableRawBufferPointer
  private var pages: UnsafeRawPointer

  /// Struct pages in a piece of a section: 64 KiB of them where one has 64 bytes, which the CPU's cache holds.
  static var pieceCount: Int { 1024 }
  let count: Int

  init(_ layout: PageLayout, count: Int) {
    self.layout = layout
    self.count = count
    copy = .allocate(byteCount: layout.size * count, alignment: 64)
    copy.initializeMemory(as: UInt8.self, repeating: 0)
    pages = UnsafeRawPointer(copy.baseAddress!)
  }

  deinit { copy.deallocate() }

  /// Loads the struct pages at a virtual address of the crashed kernel: in place if one window holds them all, else as a copy. They are
  /// valid until the vmcore is read again.
  func load(_ address: UInt64, with translation: AddressTranslation) throws(KernelError) {
    if let mapped = try translation.mapped(address, count: copy.count) {
      pages = mapped
    } else {
      try translation.read(address, into: copy, of: "mem_map")
      pages = UnsafeRawPointer(copy.baseAddress!)
    }
  }

  /// Loads struct pages from bytes; for tests.
  func load(copying bytes: some Collection<UInt8>) {
    copy.initializeMemory(as: UInt8.self, repeating: 0)
    copy.copyBytes(from: bytes.prefix(copy.count))
    pages = UnsafeRawPointer(copy.baseAddress!)
  }

  /// The fields of the struct page at a place.
  @inline(__always)
  func page(_ place: Int) -> StructPage {
    precondition(place >= 0 && place < count)
    return StructPage(pages + place * layout.size, layout)
  }

  /// Returns the place of the first struct page from `start` on that fails `isRight`, or `end`. A scan spends its time here.
  @inline(__always)
  func end(from start: Int, to end: Int, _ isRight: (Int, StructPage) -> Bool) -> Int {
    precondition(start >= 0 && start <= end && end <= count)
    let layout = layout
    var place = start
    var page = pages + start * layout.size
    while place < end, isRight(place, StructPage(page, layout)) {
      place &+= 1
      page += layout.size
    }
    return place
  }

  /// The four 32-bit numbers at byte 16 of the struct page at a place.
  func counts(_ place: Int) -> (UInt32, UInt32, UInt32, UInt32) {
    precondition(place >= 0 && place < count)
    let base = pages + place * layout.size
    return (
      base.loadUnaligned(fromByteOffset: 16, as: UInt32.self), base.loadUnaligned(fromByteOffset: 20, as: UInt32.self),
      base.loadUnaligned(fromByteOffset: 24, as: UInt32.self), base.loadUnaligned(fromByteOffset: 28, as: UInt32.self)
    )
  }

  /// A byte of the struct page at a place.
  func byte(_ place: Int, at offset: Int) -> UInt8 {
    precondition(place >= 0 && place < count && offset >= 0 && offset < layout.size)
    return pages.load(fromByteOffset: place * layout.size + offset, as: UInt8.self)
  }
}

/// The fields that matter of a `struct page`.
struct StructPage {
  let flags: UInt64
  let mapping: UInt64
  let privateData: UInt64
  let compoundHead: UInt64
  /// `_mapcount`, or the page's type.
  let mapcount: UInt32
  let refcount: UInt32

  @inline(__always)
  fileprivate init(_ bytes: UnsafeRawPointer, _ layout: PageLayout) {
    flags = bytes.loadUnaligned(fromByteOffset: layout.flags, as: UInt64.self)
    mapping = bytes.loadUnaligned(fromByteOffset: layout.mapping, as: UInt64.self)
    privateData = bytes.loadUnaligned(fromByteOffset: layout.privateData, as: UInt64.self)
    compoundHead = bytes.loadUnaligned(fromByteOffset: layout.compoundHead, as: UInt64.self)
    mapcount = bytes.loadUnaligned(fromByteOffset: layout.mapcount, as: UInt32.self)
    refcount = bytes.loadUnaligned(fromByteOffset: layout.refcount, as: UInt32.self)
  }

  var isTail: Bool { compoundHead & 1 != 0 }

  /// A page that equals no other: none has all flags set.
  static var none: StructPage {
    StructPage(flags: .max, mapping: 0, privateData: 0, compoundHead: 0, mapcount: 0, refcount: 0)
  }

  private init(flags: UInt64, mapping: UInt64, privateData: UInt64, compoundHead: UInt64, mapcount: UInt32, refcount: UInt32) {
    self.flags = flags
    self.mapping = mapping
    self.privateData = privateData
    self.compoundHead = compoundHead
    self.mapcount = mapcount
    self.refcount = refcount
  }

  /// Whether this page gets the same verdict as an order-0 page that is neither free nor compound: every field that decides is the
  /// same. Of `mapping`, the two low bits decide, and whether any other is set.
  @inline(__always)
  func isSameAlone(as other: StructPage) -> Bool {
    flags == other.flags && mapcount == other.mapcount && refcount == other.refcount && !isTail
      && (mapping == other.mapping || (mapping ^ other.mapping) & 3 == 0 && (mapping > 3) == (other.mapping > 3))
  }
}
