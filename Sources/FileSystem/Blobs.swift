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
  func store(_ bytes: some Collection<UInt8>) -> BlobHandle {
    if bytes.isEmpty { return BlobHandle() }
    if bytes.count <= ShortPiece.capacity { return BlobHandle(rawValue: chain(bytes, in: short)) }
    return BlobHandle(rawValue: chain(bytes, in: long) | BlobHandle.longBit)
  }

  private func chain<Piece: BlobPiece>(_ bytes: some Collection<UInt8>, in slab: Slab<Piece>) -> UInt32 {
    var first: UInt32 = 0
    var last: UInt32 = 0
    for byte in bytes {
      if last == 0 || Int(slab[last].count) == Piece.capacity {
        let piece = slab.add(Piece())
        if last == 0 { first = piece } else { slab[last].next = piece }
        last = piece
      }
      slab[last][Int(slab[last].count)] = byte
      slab[last].count += 1
    }
    return first
  }

  /// Hands each byte of a blob to `body` until that returns false.
  func forEachByte(of blob: BlobHandle, _ body: (UInt8) -> Bool) {
    if blob.isLong { walk(blob.piece, in: long, body) } else { walk(blob.piece, in: short, body) }
  }

  private func walk<Piece: BlobPiece>(_ first: UInt32, in slab: Slab<Piece>, _ body: (UInt8) -> Bool) {
    var piece = first
    while piece != 0 {
      for index in 0..<Int(slab[piece].count) where !body(slab[piece][index]) { return }
      piece = slab[piece].next
    }
  }

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
    if blob.isLong { free(blob.piece, in: long) } else { free(blob.piece, in: short) }
  }

  private func free<Piece: BlobPiece>(_ first: UInt32, in slab: Slab<Piece>) {
    var piece = first
    while piece != 0 {
      let next = slab[piece].next
      slab.remove(piece)
      piece = next
    }
  }
}
