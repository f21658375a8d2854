// Memory safety: a piece is memory of a slab's for as long as it is in use, and its count never exceeds its kind's capacity.

/// 32 bytes, of which 26 are a blob's: most names.
struct ShortPiece: BitwiseCopyable {
  static var capacity: Int { 26 }
  private var words = InlineArray<4, UInt64>(repeating: 0)
}

/// 256 bytes, of which 250 are a blob's: long names, symlink targets, attribute values.
struct LongPiece: BitwiseCopyable {
  static var capacity: Int { 250 }
  private var words = InlineArray<32, UInt64>(repeating: 0)
}

/// Where a blob's bytes are: a handle of the short pieces, or with the top bit set of the long ones; 0 is the empty blob.
struct BlobHandle: Equatable, BitwiseCopyable {
  var rawValue: UInt32 = 0

  static var longBit: UInt32 { 1 << 31 }
  var isLong: Bool { rawValue & Self.longBit != 0 }
  var piece: UInt32 { rawValue & ~Self.longBit }
}

/// The number of pieces that blobs will take.
struct BlobRoom {
  fileprivate var short = 0
  fileprivate var long = 0

  /// Adds the pieces of a blob of this size.
  mutating func add(_ count: Int) {
    if count <= ShortPiece.capacity { short += 1 } else { long += (count + LongPiece.capacity - 1) / LongPiece.capacity }
  }
}

/// Strings of bytes: names, symlink targets, extended attributes. A short one is one small piece, a longer one a chain.
final class Blobs {
  private let short: Slab<ShortPiece>
  private let long: Slab<LongPiece>

  init(capacity: Int, budget: MemoryBudget) {
    short = Slab(capacity: capacity, budget: budget)
    long = Slab(capacity: capacity, budget: budget)
  }

  /// Makes sure that `store` succeeds for all blobs that `room` counted.
  func reserve(_ room: BlobRoom) throws(FileSystemError) {
    try short.reserve(room.short)
    try long.reserve(room.long)
  }

  /// The layout of a piece of either kind: the handle of the next piece, the number of bytes, the bytes.
  private struct Piece {
    let memory: UnsafeMutableRawPointer

    var next: UInt32 {
      get { memory.load(as: UInt32.self) }
      nonmutating set { memory.storeBytes(of: newValue, as: UInt32.self) }
    }
    var bytes: UnsafeMutableRawBufferPointer { .init(start: memory + 6, count: Int(memory.load(fromByteOffset: 4, as: UInt16.self))) }

    nonmutating func set(_ new: UnsafeRawBufferPointer) {
      memory.storeBytes(of: UInt16(new.count), toByteOffset: 4, as: UInt16.self)
      bytes.copyMemory(from: new)
    }
  }

  private func records(_ blob: BlobHandle) -> SlabMemory { blob.isLong ? long.memory : short.memory }

  /// Keeps bytes, for which `reserve` has made room.
  func store(_ bytes: [UInt8]) -> BlobHandle {
    var blob = BlobHandle(rawValue: bytes.count > ShortPiece.capacity ? BlobHandle.longBit : 0)
    let capacity = blob.isLong ? LongPiece.capacity : ShortPiece.capacity
    let records = records(blob)
    var last: Piece?
    var start = 0
    while start < bytes.count {
      let end = min(start + capacity, bytes.count)
      let handle = records.add()
      let piece = Piece(memory: records[handle])
      piece.next = 0
      bytes.withUnsafeBytes { piece.set(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
      if let last { last.next = handle } else { blob.rawValue |= handle }
      last = piece
      start = end
    }
    return blob
  }

  /// Calls `body` with the bytes of each piece of a blob, until it returns false.
  private func forEachPiece(of blob: BlobHandle, _ body: (UnsafeMutableRawBufferPointer) -> Bool) {
    var handle = blob.piece
    while handle != 0 {
      let piece = Piece(memory: records(blob)[handle])
      guard body(piece.bytes) else { return }
      handle = piece.next
    }
  }

  func bytes(of blob: BlobHandle) -> [UInt8] {
    var bytes: [UInt8] = []
    // Most are names of files. To grow byte by byte would be most of the time of a listing.
    bytes.reserveCapacity(64)
    forEachPiece(of: blob) { piece in
      for byte in piece { bytes.append(byte) }
      return true
    }
    return bytes
  }

  /// Whether a blob is just these bytes.
  func isEqual(_ blob: BlobHandle, to bytes: [UInt8]) -> Bool {
    var index = 0
    var isEqual = true
    forEachPiece(of: blob) { piece in
      for byte in piece {
        isEqual = index < bytes.count && bytes[index] == byte
        index += 1
        if !isEqual { return false }
      }
      return true
    }
    return isEqual && index == bytes.count
  }

  func remove(_ blob: BlobHandle) {
    let records = records(blob)
    var handle = blob.piece
    while handle != 0 {
      let next = Piece(memory: records[handle]).next
      records.remove(handle)
      handle = next
    }
  }

  var shortForTests: Slab<ShortPiece> { short }
  var longForTests: Slab<LongPiece> { long }
}
