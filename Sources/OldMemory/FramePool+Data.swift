// Memory safety: `bounce` is a private buffer of one frame; the caller's buffers are read or written within their counts.
import Platform

/// Reading and writing, with a checksum for each frame: stray DMA of the crashed machine may hit any frame, and what it
/// did must never be taken for what was written.
extension FramePool {
  public func write(
    _ bytes: UnsafeRawBufferPointer, to first: FrameNumber, at offset: Int, clearing: Bool
  ) throws(StoreError) {
    var done = 0
    while done < bytes.count {
      let frame = first + (offset + done) / frameSize
      let start = (offset + done) % frameSize
      let rest = bytes.count - done
      if start == 0, rest >= frameSize {
        let whole = UnsafeRawBufferPointer(rebasing: bytes[done..<done + rest / frameSize * frameSize])
        try writeWhole(whole, to: frame)
        done += whole.count
      } else {
        let part = UnsafeRawBufferPointer(rebasing: bytes[done..<done + min(rest, frameSize - start)])
        try change(frame, clearing: clearing) { buffer in
          (buffer.baseAddress! + start).copyMemory(from: part.baseAddress!, byteCount: part.count)
        }
        done += part.count
      }
    }
  }

  public func writeZeros(count: Int, to first: FrameNumber, at offset: Int) throws(StoreError) {
    var done = 0
    while done < count {
      let start = (offset + done) % frameSize
      let part = min(count - done, frameSize - start)
      try change(first + (offset + done) / frameSize, clearing: part == frameSize) { buffer in
        UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + part]).initializeMemory(as: UInt8.self, repeating: 0)
      }
      done += part
    }
  }

  public func read(_ first: FrameNumber, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(StoreError) {
    var done = 0
    while done < bytes.count {
      let frame = first + (offset + done) / frameSize
      let start = (offset + done) % frameSize
      let rest = bytes.count - done
      if start == 0, rest >= frameSize {
        let whole = UnsafeMutableRawBufferPointer(rebasing: bytes[done..<done + rest / frameSize * frameSize])
        try access.read(frame, at: 0, into: whole)
        try check(UnsafeRawBufferPointer(whole), of: frame)
        done += whole.count
      } else {
        let part = min(rest, frameSize - start)
        try loadBounce(frame)
        (bytes.baseAddress! + done).copyMemory(from: bounce.bytes.baseAddress! + start, byteCount: part)
        done += part
      }
    }
  }

  private func writeWhole(_ bytes: UnsafeRawBufferPointer, to first: FrameNumber) throws(StoreError) {
    markOverwritten(first, count: bytes.count / frameSize)
    try access.write(bytes, to: first, at: 0)
    setChecksums(of: bytes, from: first)
  }

  /// Changes a part of a frame: reads it, checks it, changes the copy and writes that back whole.
  private func change(
    _ frame: FrameNumber, clearing: Bool, _ body: (UnsafeMutableRawBufferPointer) -> Void
  ) throws(StoreError) {
    if clearing { bounce.bytes.initializeMemory(as: UInt8.self, repeating: 0) } else { try loadBounce(frame) }
    body(bounce.bytes)
    try writeWhole(UnsafeRawBufferPointer(bounce.bytes), to: frame)
  }

  private func loadBounce(_ frame: FrameNumber) throws(StoreError) {
    try access.read(frame, at: 0, into: bounce.bytes)
    try check(UnsafeRawBufferPointer(bounce.bytes), of: frame)
  }

  // MARK: Checksums and the record

  private func check(_ bytes: UnsafeRawBufferPointer, of first: FrameNumber) throws(StoreError) {
    guard checksums else { return }
    for index in 0..<bytes.count / frameSize {
      let (open, place) = owner(of: first + index)
      let frame = UnsafeRawBufferPointer(rebasing: bytes[index * frameSize..<(index + 1) * frameSize])
      guard Checksum(of: frame) == open.checksum(of: place) else {
        damagedFrames += 1
        throw .damaged(first + index)
      }
    }
  }

  private func setChecksums(of bytes: UnsafeRawBufferPointer, from first: FrameNumber) {
    guard checksums else { return }
    for index in 0..<bytes.count / frameSize {
      let (open, place) = owner(of: first + index)
      let frame = UnsafeRawBufferPointer(rebasing: bytes[index * frameSize..<(index + 1) * frameSize])
      open.setChecksum(Checksum(of: frame), of: place)
    }
  }

  private func markOverwritten(_ first: FrameNumber, count: Int) {
    for index in 0..<count {
      let (open, place) = owner(of: first + index)
      precondition(!open.available[place], "a write to a frame that nobody owns")
      open.overwritten[place] = true
    }
  }

  private func owner(of frame: FrameNumber) -> (OpenSection, Int) {
    let (index, place) = locate(frame)
    guard let index, let open = table.summaries[index].open else { preconditionFailure("a frame of no open section") }
    return (open, place)
  }
}
