// Memory safety: a window's mapping lives as long as its place in the list; copies are bounded by the window and by the
// caller's buffer. A window lies inside a segment, and all segments were found to lie inside the file.
import Platform

/// Reads a vmcore through a few mapped windows: reading `/proc/vmcore` page by page is some 8 times slower. Where the file
/// can't be mapped it is read.
final class ReadWindows {
  /// Bytes of a window, which begins at a multiple of them in the file.
  private let size: UInt64
  private let windows: Windows
  private var isMappable = true

  /// Windows of `size` bytes, at most `most` at a time. Each costs 8 bytes of page table for each of its pages.
  init(size: UInt64, most: Int) {
    self.size = size
    windows = Windows(most: most)
  }

  /// Fills the buffer from byte `position` of a segment on, which must have as many bytes.
  func read(
    _ file: borrowing FileDescriptor, _ segment: LoadSegment, at position: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(VmcoreError) {
    var done = 0
    while done < buffer.count {
      let offset = segment.offset + position + UInt64(done)
      guard let window = window(file, segment, offset) else {
        let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
        return try readDirectly(file, offset, into: rest)
      }
      let skipped = Int(offset - window.start)
      let count = min(buffer.count - done, window.mapping.bytes.count - skipped)
      (buffer.baseAddress! + done).copyMemory(from: window.mapping.bytes.baseAddress! + skipped, byteCount: count)
      done += count
    }
  }

  /// A pointer to `count` bytes from byte `position` of a segment on, which must have as many; nil if no window holds them all.
  /// Valid until the next call.
  func bytes(
    _ file: borrowing FileDescriptor, _ segment: LoadSegment, at position: UInt64, count: Int
  ) -> UnsafeRawPointer? {
    let offset = segment.offset + position
    guard let window = window(file, segment, offset), offset + UInt64(count) <= window.end else { return nil }
    return UnsafeRawPointer(window.mapping.bytes.baseAddress!) + Int(offset - window.start)
  }

  private func readDirectly(
    _ file: borrowing FileDescriptor, _ offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(VmcoreError) {
    do throws(Errno) {
      let count = try file.read(into: buffer, at: offset)
      guard count == buffer.count else { throw Errno.io }
    } catch { throw .unreadable(error) }
  }

  /// The window over a place in the file, inside the segment; nil if it can't be mapped.
  private func window(_ file: borrowing FileDescriptor, _ segment: LoadSegment, _ offset: UInt64) -> Windows.Window? {
    guard isMappable, segment.offset % PFN.pageSize == 0 else { return nil }
    if let window = windows.window(over: offset) { return window }
    let aligned = offset / size * size
    let start = max(segment.offset, aligned)
    let end = min(segment.offset + segment.count * PFN.pageSize, aligned + min(size, UInt64.max - aligned))
    do throws(Errno) { return try windows.map(file, start..<end, .read) } catch {
      isMappable = false
      return nil
    }
  }
}
