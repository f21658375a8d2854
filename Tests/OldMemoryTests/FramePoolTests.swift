import Frames
import Glibc
import Platform
import TestSupport
import Testing

@testable import OldMemory

/// Bytes that depend on their position.
func pattern(_ count: Int, seed: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ seed &+ $0 >> 8) } }

extension FramePool {
  func write(_ bytes: [UInt8], to frame: FrameNumber, at offset: Int, clearing: Bool) throws {
    let outcome = bytes.withUnsafeBytes { buffer -> Result<Void, StoreError> in
      do throws(StoreError) { return .success(try write(buffer, to: frame, at: offset, clearing: clearing)) } catch {
        return .failure(error)
      }
    }
    try outcome.get()
  }

  func read(_ count: Int, from frame: FrameNumber, at offset: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: count)
    let outcome = bytes.withUnsafeMutableBytes { buffer -> Result<Void, StoreError> in
      do throws(StoreError) { return .success(try read(frame, at: offset, into: buffer)) } catch { return .failure(error) }
    }
    try outcome.get()
    return bytes
  }

  /// Changes a byte without the pool, as stray DMA would.
  func strike(_ frame: FrameNumber, at offset: Int) throws {
    var bytes = [UInt8](repeating: 0, count: frameSize)
    _ = try bytes.withUnsafeMutableBytes { try backend.read(frame, into: $0) }
    bytes[offset] ^= 0x10
    _ = try bytes.withUnsafeBytes { try backend.write($0, to: frame) }
  }
}

@Suite("The frame pool")
struct FramePoolTests {
  @Test("it gives every frame out once, and then has no space")
  func allFrames() throws {
    let frames = 2 * framesPerSection + 100
    let pool = try FramePool.scratch(frames: frames, checksums: true)
    #expect(pool.totalFrames == UInt64(frames))
    var owned = [Bool](repeating: false, count: frames)
    while pool.freeFrames > 0 {
      let run = try pool.allocate(upTo: 777, after: nil)
      for index in 0..<run.count {
        let frame = Int(run.first.rawValue) + index
        #expect(!owned[frame])
        owned[frame] = true
      }
    }
    #expect(owned.allSatisfy { $0 })
    #expect(throws: StoreError.noSpace) { try pool.allocate(upTo: 1, after: nil) }
  }

  @Test("a run grows where its neighbour is free")
  func neighbours() throws {
    let pool = try FramePool.scratch(frames: 1000, checksums: true)
    let run = try pool.allocate(upTo: 10, after: nil)
    let other = try pool.allocate(upTo: 10, after: nil)
    #expect(other.first == run.first + 10)
    let next = try pool.allocate(upTo: 5, after: other.first + 9)
    #expect(next == FrameRun(first: other.first + 10, count: 5))
    // The next frame is taken, so it is another one.
    let elsewhere = try pool.allocate(upTo: 5, after: run.first + 9)
    #expect(elsewhere.first == next.first + 5)
  }

  @Test("released frames can be had again, across sections")
  func release() throws {
    let pool = try FramePool.scratch(frames: 2 * framesPerSection, checksums: true)
    var runs: [FrameRun] = []
    while pool.freeFrames > 0 { runs.append(try pool.allocate(upTo: framesPerSection, after: nil)) }
    pool.release(FrameRun(first: FrameNumber(UInt64(framesPerSection - 8)), count: 16))
    #expect(pool.freeFrames == 16)
    #expect(try pool.allocate(upTo: 100, after: nil).count == 8)
    #expect(try pool.allocate(upTo: 100, after: nil).count == 8)
    #expect(pool.freeFrames == 0)
  }

  @Test("what was written is read, at any offset and length", arguments: [(0, 4096), (1, 1), (4095, 2), (100, 20000), (0, 65536)])
  func roundTrip(offset: Int, count: Int) throws {
    let pool = try FramePool.scratch(frames: 100, checksums: true)
    let run = try pool.allocate(upTo: 32, after: nil)
    let bytes = pattern(count, seed: 7)
    try pool.write(bytes, to: run.first, at: offset, clearing: true)
    #expect(try pool.read(count, from: run.first, at: offset) == bytes)
    let frames = (offset + count + frameSize - 1) / frameSize
    let all = try pool.read(frames * frameSize, from: run.first, at: 0)
    #expect(all[0..<offset].allSatisfy { $0 == 0 })
    #expect(all[(offset + count)...].allSatisfy { $0 == 0 })
  }

  @Test("a write in the middle keeps what is around it")
  func partialWrite() throws {
    let pool = try FramePool.scratch(frames: 10, checksums: true)
    let run = try pool.allocate(upTo: 4, after: nil)
    var expected = pattern(4 * frameSize, seed: 1)
    try pool.write(expected, to: run.first, at: 0, clearing: true)
    let change = pattern(6000, seed: 9)
    try pool.write(change, to: run.first, at: 3000, clearing: false)
    expected.replaceSubrange(3000..<9000, with: change)
    try pool.writeZeros(count: 5000, to: run.first + 2, at: 10)
    expected.replaceSubrange(2 * frameSize + 10..<2 * frameSize + 5010, with: repeatElement(0, count: 5000))
    #expect(try pool.read(4 * frameSize, from: run.first, at: 0) == expected)
  }

  @Test("a frame that was hit from outside is an error, never wrong data")
  func damage() throws {
    let pool = try FramePool.scratch(frames: 10, checksums: true)
    let run = try pool.allocate(upTo: 3, after: nil)
    try pool.write(pattern(3 * frameSize, seed: 1), to: run.first, at: 0, clearing: true)
    try pool.strike(run.first + 1, at: 4000)
    #expect(throws: StoreError.damaged(run.first + 1)) { try pool.read(3 * frameSize, from: run.first, at: 0) }
    #expect(throws: StoreError.damaged(run.first + 1)) { try pool.read(1, from: run.first + 1, at: 5) }
    #expect(throws: StoreError.damaged(run.first + 1)) { try pool.write([1], to: run.first + 1, at: 5, clearing: false) }
    #expect(try pool.read(10, from: run.first, at: 0) == Array(pattern(10, seed: 1)))
    // It counts once, even if it is read again.
    #expect(pool.damagedFrames == 1)
    // A write of the whole frame heals it.
    try pool.write(pattern(frameSize, seed: 3), to: run.first + 1, at: 0, clearing: true)
    #expect(try pool.read(frameSize, from: run.first + 1, at: 0) == pattern(frameSize, seed: 3))
  }

  @Test("a frame that was damaged is never given out again")
  func damagedIsRetired() throws {
    let pool = try FramePool.scratch(frames: 10, checksums: true)
    let run = try pool.allocate(upTo: 10, after: nil)
    try pool.write(pattern(10 * frameSize, seed: 1), to: run.first, at: 0, clearing: true)
    try pool.strike(run.first + 4, at: 0)
    #expect(throws: StoreError.damaged(run.first + 4)) { try pool.read(1, from: run.first + 4, at: 5) }
    #expect(pool.totalFrames == 10 && pool.retiredFrames == 0)
    pool.release(run)
    #expect(pool.totalFrames == 9 && pool.freeFrames == 9 && pool.retiredFrames == 1)
    var frames: Set<UInt64> = []
    while pool.freeFrames > 0 {
      let run = try pool.allocate(upTo: 3, after: nil)
      for index in 0..<run.count { frames.insert((run.first + index).rawValue) }
    }
    #expect(frames == Set(0..<10).subtracting([4]))
    #expect(throws: StoreError.noSpace) { try pool.allocate(upTo: 1, after: nil) }
  }

  @Test("a check finds what was hit from outside, tells of it once, and changes nothing else")
  func check() throws {
    let pool = try FramePool.scratch(frames: 10, checksums: true)
    let run = try pool.allocate(upTo: 10, after: nil)
    try pool.write(pattern(10 * frameSize, seed: 1), to: run.first, at: 0, clearing: true)
    for index in 0..<10 { try pool.check(run.first + index) }
    try pool.strike(run.first + 4, at: 4095)
    for index in 0..<10 where index != 4 { try pool.check(run.first + index) }
    #expect(throws: StoreError.damaged(run.first + 4)) { try pool.check(run.first + 4) }
    try pool.check(run.first + 4)
    #expect(throws: StoreError.damaged(run.first + 4)) { try pool.read(1, from: run.first + 4, at: 5) }
    #expect(pool.damagedFrames == 1)
    pool.release(run)
    #expect(pool.totalFrames == 9 && pool.freeFrames == 9 && pool.retiredFrames == 1)
  }

  #if DEBUG
    @Test("what a frame costs is the same, however scattered the pool is", arguments: [1, 2, 3, 7, 100])
    func scattered(hole: Int) throws {
      let pool = try FramePool.scratch(frames: 2 * framesPerSection, checksums: false)
      func steps() -> Int { pool.table.summaries.reduce(0) { $0 + ($1.open?.searchSteps ?? 0) } }
      while pool.freeFrames > 0 { _ = try pool.allocate(upTo: framesPerSection, after: nil) }
      var first = 0
      while first + hole <= 2 * framesPerSection {
        pool.release(FrameRun(first: FrameNumber(UInt64(first)), count: hole))
        first += 2 * hole
      }
      // Twice: everything is allocated, and all frames but those that were free before are released.
      for _ in 0..<2 {
        let before = steps()
        let free = Int(pool.freeFrames)
        var runs: [FrameRun] = []
        while pool.freeFrames > 0 { runs.append(try pool.allocate(upTo: 256, after: nil)) }
        #expect(runs.count <= 2 * (free / hole + 2), "\(runs.count) runs of \(free) frames")
        #expect(steps() - before < 8 * free + 4 * framesPerSection / 64, "\(steps() - before) steps for \(free) frames")
        for run in runs { pool.release(run) }
      }
    }

    @Test("one frame at a time, given back and taken again anywhere in a full pool, costs the same")
    func fullPool() throws {
      let pool = try FramePool.scratch(frames: framesPerSection, checksums: false)
      while pool.freeFrames > 0 { _ = try pool.allocate(upTo: framesPerSection, after: nil) }
      let before = pool.table.summaries[0].open!.searchSteps
      for round in 0..<2000 {
        let frame = FrameNumber(UInt64(round * 7919 % framesPerSection))
        pool.release(FrameRun(first: frame, count: 1))
        #expect(try pool.allocate(upTo: 256, after: nil) == FrameRun(first: frame, count: 1))
      }
      #expect(pool.table.summaries[0].open!.searchSteps - before < 2000 * 2 * framesPerSection / 64)
    }
  #endif

  @Test("without checksums damage goes unseen, as asked for")
  func withoutChecksums() throws {
    let pool = try FramePool.scratch(frames: 10, checksums: false)
    let run = try pool.allocate(upTo: 1, after: nil)
    try pool.write(pattern(frameSize, seed: 1), to: run.first, at: 0, clearing: true)
    try pool.strike(run.first, at: 0)
    #expect(try pool.read(frameSize, from: run.first, at: 0) != pattern(frameSize, seed: 1))
  }

  @Test("the record names the frames that were written, and only these")
  func record() throws {
    let pool = try FramePool.scratch(frames: 1000, checksums: true)
    let run = try pool.allocate(upTo: 100, after: nil)
    try pool.write(pattern(3 * frameSize, seed: 1), to: run.first + 10, at: 0, clearing: true)
    try pool.write([1], to: run.first + 50, at: 9, clearing: true)
    pool.release(run)
    func overwritten(from frame: UInt64, most: Int) -> (runs: [FrameRun], next: UInt64?) {
      var runs: [FrameRun] = []
      let next = pool.forEachOverwritten(from: frame) { run in
        guard runs.count < most else { return false }
        runs.append(run)
        return true
      }
      return (runs, next)
    }
    let expected = [FrameRun(first: run.first + 10, count: 3), FrameRun(first: run.first + 50, count: 1)]
    #expect(overwritten(from: 0, most: 100).runs == expected)
    // In parts.
    let (first, next) = overwritten(from: 0, most: 1)
    #expect(first == [expected[0]])
    let rest = try overwritten(from: #require(next), most: 1)
    #expect(rest.runs == [expected[1]])
    #expect(rest.next == nil)
  }

  @Test("a record that is kept has each frame once, before it is written")
  func keptRecord() throws {
    let pool = try FramePool.scratch(frames: 1000, checksums: true)
    let run = try pool.allocate(upTo: 100, after: nil)
    try pool.write(pattern(3 * frameSize, seed: 1), to: run.first + 10, at: 0, clearing: true)
    let directory = try TemporaryDirectory()
    let path = Text("\(directory.path)/record")
    pool.keepRecord(in: try .open(path, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o600))
    try pool.write(pattern(6 * frameSize, seed: 2), to: run.first + 8, at: 0, clearing: true)
    try pool.write([1], to: run.first + 9, at: 9, clearing: false)
    try pool.write([1], to: run.first + 50, at: 9, clearing: true)
    pool.release(run)
    let first = run.first.rawValue
    let lines = try FileDescriptor.open(path, flags: O_RDONLY).contents()
    #expect(String(decoding: lines, as: UTF8.self) == "\(first + 8) 2\n\(first + 13) 1\n\(first + 50) 1\n")
  }

  @Test("a record that can't be kept stops no write")
  func fullRecord() throws {
    let pool = try FramePool.scratch(frames: 1000, checksums: true)
    pool.keepRecord(in: try .open(Text("/dev/full"), flags: O_WRONLY | O_APPEND))
    let run = try pool.allocate(upTo: 2, after: nil)
    try pool.write(pattern(frameSize, seed: 1), to: run.first, at: 0, clearing: true)
    #expect(pool.recordFile == nil)
    #expect(try pool.read(frameSize, from: run.first, at: 0) == pattern(frameSize, seed: 1))
  }
}
