// Memory safety: the raw buffer is the caller's and only read, within its own count.
import CPlatform

/// CRC32C (Castagnoli) of bytes.
public struct Checksum: Equatable, BitwiseCopyable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public init(of bytes: UnsafeRawBufferPointer) {
    rawValue = bytes.baseAddress.map { cplatform_crc32c(0, $0, bytes.count) } ?? 0
  }
}
