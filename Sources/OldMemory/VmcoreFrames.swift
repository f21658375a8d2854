import Platform
import Vmcore

/// Old memory reached by reading and writing an ELF vmcore at its file offsets: a saved vmcore, or `/proc/vmcore` of a
/// kernel that lets it be written (the interface of the 2020 "Add writing support to vmcore" patches).
final class VmcoreFrames {
  private let file: FileDescriptor
  private let core: Vmcore

  private let isReadOnly: Bool

  /// Opens the vmcore at `path`, for writing unless it is to be left alone; `core` is the same file, parsed.
  init(path: Text, core: Vmcore, readOnly: Bool) throws(Errno) {
    file = try FileDescriptor.open(path, flags: readOnly ? FileDescriptor.readOnly : FileDescriptor.readWrite)
    self.core = core
    isReadOnly = readOnly
  }

  /// Whether the frame can be written: its own bytes are written back to it. Only for a frame that may change; where none may, it
  /// is enough that it can be read.
  func verify(_ frame: FrameNumber) -> Bool {
    var bytes = [UInt8](repeating: 0, count: frameSize)
    return bytes.withUnsafeMutableBytes { buffer in
      do throws(StoreError) {
        try read(frame, at: 0, into: buffer)
        if !isReadOnly { try write(UnsafeRawBufferPointer(buffer), to: frame, at: 0) }
        return true
      } catch { return false }
    }
  }

  func read(_ first: FrameNumber, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(StoreError) {
    let position = try position(of: first, at: offset, count: bytes.count)
    do throws(Errno) {
      guard try file.read(into: bytes, at: position) == bytes.count else { throw Errno.io }
    } catch { throw .inaccessible(first) }
  }

  func write(_ bytes: UnsafeRawBufferPointer, to first: FrameNumber, at offset: Int) throws(StoreError) {
    let position = try position(of: first, at: offset, count: bytes.count)
    do throws(Errno) { try file.write(bytes, at: position) } catch { throw .inaccessible(first) }
  }

  /// Where in the file the bytes lie; all of them are in one segment, or it is an error.
  private func position(of first: FrameNumber, at offset: Int, count: Int) throws(StoreError) -> UInt64 {
    let frames = (offset + count + frameSize - 1) / frameSize
    guard let start = core.fileOffset(of: PFN(first.rawValue), count: frames) else { throw .inaccessible(first) }
    return start + UInt64(offset)
  }
}
