// Memory safety: liblzma reads and writes only the two arrays below. Each call gets new pointers to them, and the arrays' own counts.
import CBoot
import Platform

/// A stream of the payload's unpacked bytes: a cpio archive, from an .xz file.
///
/// The decoder has a dictionary, whose size the packer chose, and verifies xz's checksum of each block.
struct ArchiveStream: ~Copyable {
  private let source: FileDescriptor
  private let start: UInt64
  private let length: UInt64
  /// Whether to free each part of the file once it is read.
  private let frees: Bool
  private var decoder = lzma_stream()
  private var packed: [UInt8]
  private var packedRange = 0..<0
  private var unpacked: [UInt8]
  private var unpackedRange = 0..<0
  private var offset: UInt64 = 0
  private var isAtEnd = false

  /// The bytes of either buffer.
  static var chunk: Int { 1 << 16 }

  /// Starts a stream of `length` bytes of a file, from `start` on.
  init(_ source: consuming FileDescriptor, from start: UInt64 = 0, length: UInt64, frees: Bool) throws(FileTreeError) {
    self.source = source
    self.start = start
    self.length = length
    self.frees = frees
    packed = [UInt8](repeating: 0, count: Self.chunk)
    unpacked = [UInt8](repeating: 0, count: Self.chunk)
    guard lzma_stream_decoder(&decoder, UInt64.max, 0) == LZMA_OK else { throw .noMemory }
  }

  deinit {
    var decoder = decoder
    lzma_end(&decoder)
  }

  /// Returns up to `count` bytes of the archive: fewer at the end of the buffer, none at the end of the archive.
  mutating func next(_ count: Int) throws(FileTreeError) -> ArraySlice<UInt8> {
    if unpackedRange.isEmpty { try refill() }
    let piece = unpackedRange.prefix(count)
    unpackedRange = piece.endIndex..<unpackedRange.endIndex
    return unpacked[piece]
  }

  /// Returns the next `count` bytes. A shorter archive is damaged.
  mutating func all(_ count: Int) throws(FileTreeError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let piece = try next(count - bytes.count)
      guard !piece.isEmpty else { throw .damaged }
      bytes.append(contentsOf: piece)
    }
    return bytes
  }

  mutating func skip(_ count: Int) throws(FileTreeError) {
    var left = count
    while left > 0 {
      let piece = try next(left)
      guard !piece.isEmpty else { throw .damaged }
      left -= piece.count
    }
  }

  private mutating func refill() throws(FileTreeError) {
    unpackedRange = 0..<0
    while unpackedRange.isEmpty && !isAtEnd {
      if packedRange.isEmpty { try readPacked() }
      let outcome = decode()
      switch outcome {
      case LZMA_OK: break
      case LZMA_STREAM_END: isAtEnd = true
      case LZMA_MEM_ERROR: throw .noMemory
      default: throw .damaged
      }
    }
  }

  private mutating func readPacked() throws(FileTreeError) {
    let count = Int(min(UInt64(Self.chunk), length - offset))
    let outcome = packed.withUnsafeMutableBytes { buffer -> Int in
      do throws(Errno) {
        return try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: start + offset)
      } catch { return -1 }
    }
    // If the file ends too early, the decoder notices (LZMA_BUF_ERROR).
    guard outcome >= 0 else { throw .damaged }
    if frees, outcome > 0 { source.punchHole(at: start + offset, count: UInt64(outcome)) }
    offset += UInt64(outcome)
    packedRange = 0..<outcome
  }

  private mutating func decode() -> lzma_ret {
    let action = offset == length ? LZMA_FINISH : LZMA_RUN
    return packed.withUnsafeBufferPointer { input in
      unpacked.withUnsafeMutableBufferPointer { output in
        decoder.next_in = input.baseAddress! + packedRange.lowerBound
        decoder.avail_in = packedRange.count
        decoder.next_out = output.baseAddress!
        decoder.avail_out = output.count
        let outcome = lzma_code(&decoder, action)
        packedRange = (packedRange.upperBound - decoder.avail_in)..<packedRange.upperBound
        unpackedRange = 0..<(output.count - decoder.avail_out)
        return outcome
      }
    }
  }
}
