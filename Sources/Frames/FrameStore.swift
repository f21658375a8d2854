import Platform

/// The number of a 4 KiB frame in its store: the PFN where the store is old memory, an index where it is plain memory.
public struct FrameNumber: Equatable, BitwiseCopyable, Sendable {
  public let rawValue: UInt64

  /// 40 bits of PFN reach the 52 bits of physical address that x86-64 has.
  public static var bits: Int { 40 }

  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  public static func + (frame: FrameNumber, count: Int) -> FrameNumber { FrameNumber(frame.rawValue &+ UInt64(count)) }
}

/// Bytes in a frame.
public var frameSize: Int { 4096 }

/// Frames that lie one after the other.
public struct FrameRun: Equatable, BitwiseCopyable, Sendable {
  public var first: FrameNumber
  public var count: Int

  public init(first: FrameNumber, count: Int) {
    self.first = first
    self.count = count
  }
}

/// Why a frame store could not do what was asked.
public enum StoreError: Error, Equatable {
  /// No frame is left.
  case noSpace
  /// The store's own bookkeeping could not grow.
  case noMemory
  /// A frame no longer holds what was written to it: its checksum differs.
  case damaged(FrameNumber)
  /// Reading or writing the frame failed, and how; nothing may be assumed of what it holds.
  case inaccessible(FrameNumber, Errno)
}

/// Frames to keep file data in.
///
/// A frame has one owner from `allocate` to `release`. Its contents are what its owner wrote; whatever an owner has
/// not written since `allocate` is undefined until a write with `clearing` covers the frame, so an owner's first write
/// to a frame must be one.
public protocol FrameStore: ~Copyable {
  /// Frames that the store has, in use or not. It can shrink when frames turn out to be unusable.
  var totalFrames: UInt64 { get }
  /// Frames that `allocate` can still give.
  var freeFrames: UInt64 { get }

  /// Takes a run of at least 1 and at most `count` frames, directly after `neighbour` if that is possible.
  mutating func allocate(upTo count: Int, after neighbour: FrameNumber?) throws(StoreError) -> FrameRun

  /// Gives frames back; they may be part of a run or of several adjoining runs that `allocate` gave. Frames that were found damaged
  /// or inaccessible are never given out again: the store has fewer from then on.
  mutating func release(_ run: FrameRun)

  /// Writes bytes to frames that lie one after the other, from byte `offset` of `first` on (0 ..< 4096).
  ///
  /// With `clearing`, the rest of the first and of the last frame that the write touches becomes zeros.
  /// After an error each touched frame holds old or new bytes, but for one that is inaccessible.
  mutating func write(_ bytes: UnsafeRawBufferPointer, to first: FrameNumber, at offset: Int, clearing: Bool) throws(StoreError)

  /// Writes zeros, otherwise as `write` without `clearing`; frames that it covers whole need no write before.
  mutating func writeZeros(count: Int, to first: FrameNumber, at offset: Int) throws(StoreError)

  /// Reads bytes of frames that lie one after the other, from byte `offset` of `first` on (0 ..< 4096).
  mutating func read(_ first: FrameNumber, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(StoreError)

  /// Checks that a frame, which was written, still holds what was written to it. One that is known to have failed is passed over, so that
  /// each failure is thrown once.
  mutating func check(_ frame: FrameNumber) throws(StoreError)
}
