/// A piece of up to `capacity` bytes of a blob, and the handle of the next.
protocol BlobPiece: BitwiseCopyable {
  static var capacity: Int { get }
  init()
  var count: UInt16 { get set }
  var next: UInt32 { get set }
  subscript(index: Int) -> UInt8 { get set }
}

/// 26 bytes: most names.
struct ShortPiece: BlobPiece {
  static var capacity: Int { 26 }
  var next: UInt32 = 0
  var count: UInt16 = 0
  private var bytes = InlineArray<26, UInt8>(repeating: 0)
  subscript(index: Int) -> UInt8 {
    get { bytes[index] }
    set { bytes[index] = newValue }
  }
}

/// 250 bytes: long names, symlink targets, attribute values.
struct LongPiece: BlobPiece {
  static var capacity: Int { 250 }
  var next: UInt32 = 0
  var count: UInt16 = 0
  private var bytes = InlineArray<250, UInt8>(repeating: 0)
  subscript(index: Int) -> UInt8 {
    get { bytes[index] }
    set { bytes[index] = newValue }
  }
}

/// Where a blob's bytes are: a handle of the short pieces, or with the top bit set of the long ones; 0 is the empty blob.
struct BlobHandle: Equatable, BitwiseCopyable {
  var rawValue: UInt32 = 0

  static var longBit: UInt32 { 1 << 31 }
  var isLong: Bool { rawValue & Self.longBit != 0 }
  var piece: UInt32 { rawValue & ~Self.longBit }
}

/// Strings of bytes: names, symlink targets, extended attributes. A short one is one small piece, a longer one a chain.
final class Blobs {
  let short: Slab<ShortPiece>
  let long: Slab<LongPiece>

  init(capacity: Int, budget: MemoryBudget) throws(FileSystemError) {
    short = try Slab(capacity: capacity, budget: budget)
    long = try Slab(capacity: capacity, budget: budget)
  }

  /// Makes sure that the next calls of `store` with so many bytes each succeed, all of them.
  func reserve(_ counts: [Int]) throws(FileSystemError) {
    var shortPieces = 0
    var longPieces = 0
    for count in counts {
      if count <= ShortPiece.capacity { shortPieces += 1 } else { longPieces += (count + LongPiece.capacity - 1) / LongPiece.capacity }
    }
    try short.reserve(shortPieces)
    try long.reserve(longPieces)
  }

  /// Keeps bytes, for which `reserve` has made room.
  func store(_ bytes: [UInt8]) -> BlobHandle {
    if bytes.isEmpty { return BlobHandle() }
    guard bytes.count <= ShortPiece.capacity else { return BlobHandle(rawValue: chain(bytes) | BlobHandle.longBit) }
    let piece = short.add(ShortPiece())
    for byte in bytes {
      short[piece][Int(short[piece].count)] = byte
      short[piece].count += 1
    }
    return BlobHandle(rawValue: piece)
  }

  /// Keeps bytes in long pieces; the first of them.
  private func chain(_ bytes: [UInt8]) -> UInt32 {
    var first: UInt32 = 0
    var last: UInt32 = 0
    for byte in bytes {
      if last == 0 || Int(long[last].count) == LongPiece.capacity {
        let piece = long.add(LongPiece())
        if last == 0 { first = piece } else { long[last].next = piece }
        last = piece
      }
      long[last][Int(long[last].count)] = byte
      long[last].count += 1
    }
    return first
  }

  /// Hands each byte of a blob to `body` until that returns false.
  func forEachByte(of blob: BlobHandle, _ body: (UInt8) -> Bool) {
    var piece = blob.piece
    while piece != 0 {
      let count = blob.isLong ? long[piece].count : short[piece].count
      for index in 0..<Int(count) where !body(blob.isLong ? long[piece][index] : short[piece][index]) { return }
      piece = next(of: piece, in: blob)
    }
  }

  private func next(of piece: UInt32, in blob: BlobHandle) -> UInt32 { blob.isLong ? long[piece].next : short[piece].next }

  func bytes(of blob: BlobHandle) -> [UInt8] {
    var bytes: [UInt8] = []
    forEachByte(of: blob) {
      bytes.append($0)
      return true
    }
    return bytes
  }

  /// Whether a blob is just these bytes.
  func isEqual(_ blob: BlobHandle, to bytes: [UInt8]) -> Bool {
    var index = 0
    var isEqual = true
    forEachByte(of: blob) { byte in
      isEqual = index < bytes.count && bytes[index] == byte
      index += 1
      return isEqual
    }
    return isEqual && index == bytes.count
  }

  func remove(_ blob: BlobHandle) {
    var piece = blob.piece
    while piece != 0 {
      let next = next(of: piece, in: blob)
      if blob.isLong { long.remove(piece) } else { short.remove(piece) }
      piece = next
    }
  }
}
