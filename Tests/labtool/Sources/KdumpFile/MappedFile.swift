import Glibc

/// A file's bytes, mapped read-only.
///
/// The mapping lives as long as the object, and every access is checked against its size. The file must not shrink while it is mapped;
/// dumps are finished files.
public final class MappedFile {
  public let path: String
  public let size: UInt64
  private let bytes: UnsafeRawBufferPointer

  public init(path: String) throws(LabError) {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { throw LabError(path, "can't be opened: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_size > 0, let count = Int(exactly: status.st_size) else {
      throw LabError(path, "is empty, or no regular file")
    }
    guard let map = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), map != MAP_FAILED else {
      throw LabError(path, "can't be mapped: \(String(cString: strerror(errno)))")
    }
    self.path = path
    size = UInt64(count)
    bytes = UnsafeRawBufferPointer(start: map, count: count)
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

  /// The bytes at `[offset, offset + count)`.
  public func bytes(at offset: UInt64, count: UInt64) throws(LabError) -> Slice<UnsafeRawBufferPointer> {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard !overflow, end <= size else {
      throw LabError(path, "ends at byte \(size); \(count) bytes at \(offset) were wanted: the file is truncated or corrupt")
    }
    return bytes[Int(offset)..<Int(end)]
  }

  /// The little-endian number at a byte offset, which may be unaligned.
  public func number<T: FixedWidthInteger>(at offset: UInt64, as type: T.Type) throws(LabError) -> T {
    let part = try bytes(at: offset, count: UInt64(MemoryLayout<T>.size))
    return T(littleEndian: UnsafeRawBufferPointer(rebasing: part).loadUnaligned(as: T.self))
  }

  /// Whether `[offset, offset + count)` has the same bytes as a range of another file.
  public func matches(
    at offset: UInt64, count: UInt64, _ other: MappedFile, at otherOffset: UInt64
  ) throws(LabError) -> Bool {
    let mine = UnsafeRawBufferPointer(rebasing: try bytes(at: offset, count: count))
    let others = UnsafeRawBufferPointer(rebasing: try other.bytes(at: otherOffset, count: count))
    guard let left = mine.baseAddress, let right = others.baseAddress else { return true }
    return memcmp(left, right, mine.count) == 0
  }
}
