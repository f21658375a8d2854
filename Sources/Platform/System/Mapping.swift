// Memory safety: a Mapping owns the range it mapped until it is unmapped in deinit; `bytes` must not outlive it.
import CPlatform

/// A range of a file, or of anonymous memory, mapped into this process; unmapped when it goes out of scope.
public struct Mapping: ~Copyable {
  /// The mapped range. Touching bytes of a file mapping beyond the file's end is a bus error: callers map inside it.
  public let bytes: UnsafeMutableRawBufferPointer

  public enum Access { case read, readWrite }

  /// Maps `count` bytes of an open file, shared, from `offset` (a multiple of the page size).
  /// The corresponding C function is `mmap`.
  public init(of file: borrowing FileDescriptor, offset: UInt64, count: Int, access: Access) throws(Errno) {
    let protection = access == .read ? PROT_READ : PROT_READ | PROT_WRITE
    guard let base = cplatform_mmap(file.rawValue, offset, count, protection, MAP_SHARED) else { throw Errno.current }
    bytes = UnsafeMutableRawBufferPointer(start: base, count: count)
  }

  /// Reserves `count` bytes of anonymous zeroed memory; a page costs memory when it is first touched.
  public init(anonymous count: Int) throws(Errno) {
    guard let base = Self.reserve(count) else { throw Errno.current }
    bytes = UnsafeMutableRawBufferPointer(start: base, count: count)
  }

  /// Reserves memory in the same way, or none if there is no address space for so much.
  public init(reserving count: Int) {
    let base = Self.reserve(count)
    bytes = UnsafeMutableRawBufferPointer(start: base, count: base == nil ? 0 : count)
  }

  private static func reserve(_ count: Int) -> UnsafeMutableRawPointer? {
    cplatform_mmap(-1, 0, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
  }

  deinit { _ = munmap(bytes.baseAddress, bytes.count) }

  /// Gives the memory of a page-aligned part of an anonymous mapping back; it reads as zeros afterwards.
  public func discard(offset: Int, count: Int) {
    precondition(offset >= 0 && count >= 0 && offset <= bytes.count - count)
    _ = madvise(bytes.baseAddress! + offset, count, MADV_DONTNEED)
  }
}
