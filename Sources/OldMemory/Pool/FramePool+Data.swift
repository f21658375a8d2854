// Memory safety: `bounce` is a private buffer of one frame; the caller's buffers are read or written within their counts.
import Frames
import Platform

/// Reading and writing, with a checksum for each frame: stray DMA of the crashed machine may hit any frame, and must never pass for
/// file data.
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
        try readWhole(frame, into: whole)
        done += whole.count
      } else {
        let part = min(rest, frameSize - start)
        try readWhole(frame, into: bounce.bytes)
        (bytes.baseAddress! + done).copyMemory(from: bounce.bytes.baseAddress! + start, byteCount: part)
        done += part
      }
    }
  }

  public func check(_ frame: FrameNumber) throws(StoreError) {
    let (index, place) = locate(frame)
    guard let index, let open = table.summaries[index].open, !open.retired[place] else { return }
    try readWhole(frame, into: bounce.bytes)
  }

  // MARK: Whole frames

  /// Writes whole frames, and notes each piece as it is written: after a failure on the way each frame has the checksum of its contents.
  private func writeWhole(_ bytes: UnsafeRawBufferPointer, to first: FrameNumber) throws(StoreError) {
    try forEachPart(of: first, bytes.count / frameSize) { index, open, places, before throws(StoreError) in
      precondition(
        open.available.firstSet(from: places.lowerBound, before: places.upperBound) == places.upperBound,
        "a write to a frame that nobody owns")
      announce(places, of: open, at: index)
      var place = places.lowerBound
      while place < places.upperBound {
        let from = before + place - places.lowerBound
        let most = min(places.upperBound - place, backend.framesAtOnce)
        let rest = UnsafeRawBufferPointer(rebasing: bytes[from * frameSize..<(from + most) * frameSize])
        open.overwritten[place] = true
        let count = try reaching { () throws(StoreError) in try backend.write(rest, to: first + from) } / frameSize
        if count > 1 { open.overwritten.insert(place..<place + count) }
        if checksums {
          for index in 0..<count { open.setChecksum(Self.checksum(rest, index), of: place + index) }
        }
        place += count
      }
    }
  }

  /// Reads whole frames, and checks them: the copy that the caller gets. A reply straight from a frame, which device dax would allow,
  /// would save that copy, and a device that still writes there could change the frame between the check and the reply.
  private func readWhole(_ first: FrameNumber, into bytes: UnsafeMutableRawBufferPointer) throws(StoreError) {
    try forEachPart(of: first, bytes.count / frameSize) { _, open, places, before throws(StoreError) in
      var place = places.lowerBound
      while place < places.upperBound {
        let from = before + place - places.lowerBound
        let most = min(places.upperBound - place, backend.framesAtOnce)
        let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[from * frameSize..<(from + most) * frameSize])
        let count = try reaching { () throws(StoreError) in try backend.read(first + from, into: rest) } / frameSize
        if checksums {
          for index in 0..<count where Self.checksum(UnsafeRawBufferPointer(rest), index) != open.checksum(of: place + index) {
            noteDamage(open, place + index)
            throw .damaged(first + (from + index))
          }
        }
        place += count
      }
    }
  }

  /// Runs a read or write; frames that can't be reached are retired.
  private func reaching(_ body: () throws(StoreError) -> Int) throws(StoreError) -> Int {
    do throws(StoreError) { return try body() } catch {
      if case .inaccessible(let frame, _) = error { retire(backend.failing(with: frame)) }
      throw error
    }
  }

  /// Changes a part of a frame: reads it, checks it, changes the copy and writes that back whole.
  private func change(
    _ frame: FrameNumber, clearing: Bool, _ body: (UnsafeMutableRawBufferPointer) -> Void
  ) throws(StoreError) {
    if clearing { bounce.bytes.initializeMemory(as: UInt8.self, repeating: 0) } else { try readWhole(frame, into: bounce.bytes) }
    body(bounce.bytes)
    try writeWhole(UnsafeRawBufferPointer(bounce.bytes), to: frame)
  }

  private static func checksum(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Checksum {
    Checksum(of: UnsafeRawBufferPointer(rebasing: bytes[index * frameSize..<(index + 1) * frameSize]))
  }
}
