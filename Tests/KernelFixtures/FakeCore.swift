import Foundation

/// Builds an ELF core file: segments of physical memory, notes, and headers that a test can make wrong.
public struct FakeCore {
  /// A PT_LOAD. Its bytes are those of `memory` at its physical address.
  public struct Segment {
    public var physical: UInt64
    public var virtual: UInt64
    public var size: UInt64

    public init(physical: UInt64, virtual: UInt64, size: UInt64) {
      self.physical = physical
      self.virtual = virtual
      self.size = size
    }
  }

  /// A note: its name and contents.
  public struct Note {
    public var name: String
    public var contents: [UInt8]

    public init(name: String, contents: [UInt8]) {
      self.name = name
      self.contents = contents
    }
  }

  /// Fields of the ELF header (elf(5)); correct unless a test changes them.
  public var magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]
  /// ELFCLASS64, ELFDATA2LSB, ET_CORE, EM_X86_64, and the size of a program header.
  public var elfClass: UInt8 = 2
  public var byteOrder: UInt8 = 1
  public var type: UInt16 = 4
  public var machine: UInt16 = 62
  public var entrySize: UInt16 = 56
  /// A wrong number of program headers.
  public var headerCount: UInt16?
  /// Whether the number of program headers is in a section header (PN_XNUM).
  public var usesExtendedNumbering = false

  public var segments: [Segment] = []
  public var notes: [Note] = []
  /// Pages of physical memory by PFN; all others are zeros.
  public var memory: [UInt64: [UInt8]] = [:]
  /// Whether all segments have the same file offset.
  public var sharesOffsets = false
  /// The number of bytes cut off the end of the file.
  public var missingBytes: UInt64 = 0

  public init() {}

  /// Writes a little-endian number to physical memory, within a page.
  public mutating func put<Number: FixedWidthInteger>(_ number: Number, at physical: UInt64) {
    put(withUnsafeBytes(of: number.littleEndian) { Array($0) }, at: physical)
  }

  /// Writes bytes to physical memory, within a page.
  public mutating func put(_ bytes: [UInt8], at physical: UInt64) {
    let start = Int(physical % 4096)
    memory[physical / 4096, default: [UInt8](repeating: 0, count: 4096)].replaceSubrange(start..<start + bytes.count, with: bytes)
  }

  /// Reads a little-endian number of physical memory.
  public func number(at physical: UInt64) -> UInt64 {
    (0..<8).reversed().reduce(0) { value, index in
      let address = physical + UInt64(index)
      return value << 8 | UInt64(memory[address / 4096]?[Int(address % 4096)] ?? 0)
    }
  }

  // MARK: The file

  /// The file offset of the first segment, behind the headers.
  public var dataOffset: UInt64 = 1 << 20
  /// The file offset of each segment: page-aligned, one after the other, as in the kernel's.
  public var offsets: [UInt64] {
    var next = dataOffset
    return segments.map { segment in
      defer { if !sharesOffsets { next += (segment.size + 4095) / 4096 * 4096 } }
      return next
    }
  }

  /// The file offset of a physical address; nil if no segment has it.
  public func offset(ofPhysical address: UInt64) -> UInt64? {
    for (segment, offset) in zip(segments, offsets)
    where segment.virtual < 0xffff_ffff_8000_0000 && address >= segment.physical && address - segment.physical < segment.size {
      return offset + address - segment.physical
    }
    return nil
  }

  /// Writes the file, with holes for zeros.
  public func write(to path: String) throws {
    try Data().write(to: URL(fileURLWithPath: path))
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    defer { try? file.close() }
    try file.write(contentsOf: Data(headers))
    for (segment, offset) in zip(segments, offsets) {
      let first = segment.physical / 4096
      let end = segment.physical &+ segment.size
      for (frame, bytes) in memory where frame >= first && (frame + 1) * 4096 <= end {
        try file.seek(toOffset: offset + frame * 4096 - segment.physical)
        try file.write(contentsOf: Data(bytes))
      }
    }
    let size = zip(segments, offsets).map { $0.size + $1 }.max() ?? UInt64(headers.count)
    try file.truncate(atOffset: size - min(size, missingBytes))
  }

  /// Everything before the first segment.
  private var headers: [UInt8] {
    let count = segments.count + 1
    var bytes = Bytes()
    bytes.append(raw: magic + [elfClass, byteOrder, 1] + [UInt8](repeating: 0, count: 9))
    bytes.append(type)
    bytes.append(machine)
    bytes.append(UInt32(1))
    bytes.append(UInt64(0))
    bytes.append(UInt64(128))
    bytes.append(UInt64(usesExtendedNumbering ? 64 : 0))
    bytes.append(UInt32(0))
    bytes.append(UInt16(64))
    bytes.append(entrySize)
    bytes.append(headerCount ?? (usesExtendedNumbering ? 0xffff : UInt16(count)))
    bytes.append(raw: [UInt8](repeating: 0, count: 64 - bytes.bytes.count))
    // With PN_XNUM, sh_info of the only section header is the number of program headers.
    bytes.append(raw: [UInt8](repeating: 0, count: 44))
    bytes.append(UInt32(count))
    bytes.append(raw: [UInt8](repeating: 0, count: 16))
    let noteOffset = UInt64(128 + 56 * count)
    let notes = noteBytes
    append(&bytes, type: 4, offset: noteOffset, virtual: 0, physical: 0, size: UInt64(notes.count))
    for (segment, offset) in zip(segments, offsets) {
      append(&bytes, type: 1, offset: offset, virtual: segment.virtual, physical: segment.physical, size: segment.size)
    }
    bytes.append(raw: notes)
    return bytes.bytes
  }

  private func append(_ bytes: inout Bytes, type: UInt32, offset: UInt64, virtual: UInt64, physical: UInt64, size: UInt64) {
    bytes.append(type)
    bytes.append(UInt32(7))
    for number in [offset, virtual, physical, size, size, 0] { bytes.append(number) }
  }

  private var noteBytes: [UInt8] {
    var bytes = Bytes()
    for note in notes {
      let name = Array(note.name.utf8) + [0]
      bytes.append(UInt32(name.count))
      bytes.append(UInt32(note.contents.count))
      bytes.append(UInt32(0))
      bytes.append(raw: name)
      bytes.pad()
      bytes.append(raw: note.contents)
      bytes.pad()
    }
    return bytes.bytes
  }
}

/// Appends little-endian numbers.
struct Bytes {
  private(set) var bytes: [UInt8] = []

  mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(raw: [UInt8]) { bytes += raw }

  mutating func pad() { while bytes.count % 4 != 0 { bytes.append(0) } }
}
