// Memory safety: the caller's buffers are only cut within their counts and handed on to the store.
import Frames
import Platform

/// Reading and writing files.
extension FileSystem where Store: ~Copyable {
  /// Reads a file from byte `offset` on; the bytes read, 0 at its end. What was never written reads as zeros.
  public func read(
    _ number: InodeNumber, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer, touching: Bool = true
  ) throws(FileSystemError) -> Int {
    let handle = try regular(number)
    let size = inodes[handle].size
    // A tmpfs counts a read of nothing, too; the kernel tells of it only where no cache is used.
    if touching, offset < size || countsEachRead { noteAccess(handle) }
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    var done = 0
    while done < count {
      let position = offset + UInt64(done)
      let block = position.block
      let inner = position.offsetInBlock
      let extent = extents.firstExtent(of: handle, from: block)
      // Bytes up to the end of the extent, or of the hole before it.
      let isData = extent.map { $0.block <= block && !$0.isReserved } ?? false
      let end = extent.map { $0.block <= block ? $0.end : $0.block } ?? UInt64.max
      let part = Int(min(UInt64(count - done), Self.bytes(from: block, to: end) - UInt64(inner)))
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + part])
      if isData, let extent {
        let frame = extent.frame(of: block)
        try storing("read", handle, block, in: frame) { store throws(StoreError) in try store.read(frame, at: inner, into: piece) }
      } else {
        piece.initializeMemory(as: UInt8.self, repeating: 0)
      }
      done += part
    }
    return count
  }

  /// Bytes in blocks, at most what a buffer can ask for.
  private static func bytes(from first: UInt64, to end: UInt64) -> UInt64 { min(end - first, 1 << 40).firstByte }

  /// Writes to a file from byte `offset` on; the bytes written, fewer than asked for when the space ends. An error is thrown
  /// only if there are none. Without a caller it is what a mapping was stored to.
  ///
  /// - Parameter appending: nothing that is there may be overwritten.
  public func write(
    _ number: InodeNumber, at offset: UInt64, _ bytes: UnsafeRawBufferPointer, appending: Bool = false, by caller: Caller?
  ) throws(FileSystemError) -> Int {
    let handle = try regular(number)
    if appending, offset < inodes[handle].size { throw .notPermitted }
    guard !bytes.isEmpty else { return 0 }
    guard offset <= Self.mostBytes - UInt64(bytes.count) else { throw .tooLarge }
    // Before anything is written, as the kernel has it (`shmem_file_write_iter`, mm/shmem.c): a write for which there is no room
    // takes set-user-ID away as well.
    noteChange(handle, by: caller)
    var done = 0
    do throws(FileSystemError) {
      while done < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
        try writePiece(handle, at: offset + UInt64(done), rest, &done)
      }
    } catch {
      if done == 0 { throw error }
    }
    inodes[handle].size = max(inodes[handle].size, offset + UInt64(done))
    return done
  }

  /// `MAX_LFS_FILESIZE`: what `off_t` can say.
  static var mostBytes: UInt64 { UInt64(Int64.max) }

  /// Writes as much as goes into one extent or one hole; adds what it has written to `done`, also when it fails on the way.
  private func writePiece(
    _ handle: UInt32, at offset: UInt64, _ bytes: UnsafeRawBufferPointer, _ done: inout Int
  ) throws(FileSystemError) {
    let block = offset.block
    let inner = offset.offsetInBlock
    let blocks = UInt64(inner + bytes.count).blocks
    let extent = extents.firstExtent(of: handle, from: block)
    guard let extent, extent.block <= block else { return try fill(handle, block..<block + blocks, before: extent, inner, bytes, &done) }
    try extents.reserve()
    let end = min(block + blocks, extent.end)
    let piece = Self.cut(bytes, inner, blocks: end - block)
    let frame = extent.frame(of: block)
    let clearing = extent.isReserved
    try storing("write", handle, block, in: frame) { store throws(StoreError) in
      try store.write(piece, to: frame, at: inner, clearing: clearing)
    }
    if extent.isReserved { extents.markWritten(block..<end, of: extent, in: handle) }
    done += piece.count
  }

  /// Writes to blocks that have no frames yet, up to the extent `next`. The frames may be scattered: what is known of the extents
  /// around is kept from one run to the next.
  private func fill(
    _ handle: UInt32, _ blocks: Range<UInt64>, before next: Extent?, _ inner: Int, _ bytes: UnsafeRawBufferPointer, _ done: inout Int
  ) throws(FileSystemError) {
    var block = blocks.lowerBound
    let end = min(blocks.upperBound, next?.block ?? UInt64.max)
    var inner = inner
    var rest = bytes
    var before = extents.extent(of: handle, before: block)
    var failure: FileSystemError?
    while block < end {
      try extents.reserve()
      let run: FrameRun
      do throws(FileSystemError) { run = try takeFrames(upTo: end - block, after: before) } catch {
        // Where all that were left failed, that is the reason.
        throw error == .noSpace ? failure ?? error : error
      }
      let piece = Self.cut(rest, inner, blocks: UInt64(run.count))
      let frames = store.totalFrames
      do throws(FileSystemError) {
        try storing("write", handle, block, in: run.first) { store throws(StoreError) in
          try store.write(piece, to: run.first, at: inner, clearing: true)
        }
      } catch {
        store.release(run)
        // What failed is not in the store any more: other frames may do.
        guard case .inaccessible = error, store.totalFrames < frames else { throw error }
        failure = error
        continue
      }
      let new = Extent(block: block, run: run, isReserved: false)
      before = add(new, to: handle, after: before, before: new.end == next?.block ? next : nil)
      block = new.end
      done += piece.count
      rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
      inner = 0
    }
  }

  /// What of the bytes goes into so many blocks, from byte `inner` of the first on.
  private static func cut(_ bytes: UnsafeRawBufferPointer, _ inner: Int, blocks: UInt64) -> UnsafeRawBufferPointer {
    .init(rebasing: bytes[0..<min(bytes.count, Int(blocks) * frameSize - inner)])
  }
}
