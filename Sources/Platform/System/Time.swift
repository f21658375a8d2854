import CPlatform

/// A point in time: seconds and nanoseconds, of the wall clock as `st_mtim` has them or of the monotonic clock.
public struct Time: Comparable, BitwiseCopyable, Sendable {
  /// The seconds. In halves, a time takes 12 bytes rather than 16 of every inode.
  private let low: UInt32
  private let high: Int32
  /// 0 ..< 1,000,000,000
  public let nanoseconds: UInt32

  public init(seconds: Int64, nanoseconds: UInt32) {
    low = UInt32(truncatingIfNeeded: seconds)
    high = Int32(truncatingIfNeeded: seconds >> 32)
    self.nanoseconds = nanoseconds
  }

  public var seconds: Int64 { Int64(high) << 32 | Int64(low) }

  public init(_ time: timespec) { self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(truncatingIfNeeded: time.tv_nsec)) }

  public static func < (left: Time, right: Time) -> Bool {
    left.seconds != right.seconds ? left.seconds < right.seconds : left.nanoseconds < right.nanoseconds
  }

  /// The wall clock, at the kernel's tick like the time stamps of the kernel's own file systems
  /// (`current_time` in fs/inode.c uses the coarse clock).
  public static func now() -> Time { read(CLOCK_REALTIME_COARSE) }

  /// The monotonic clock, for durations.
  public static func monotonic() -> Time { read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> Time {
    var time = timespec()
    clock_gettime(clock, &time)
    return Time(time)
  }

  /// Nanoseconds from `start` to this time, 0 if it lies before.
  public func since(_ start: Time) -> UInt64 {
    let elapsed = (seconds - start.seconds) * 1_000_000_000 + Int64(nanoseconds) - Int64(start.nanoseconds)
    return UInt64(max(0, elapsed))
  }
}

extension timespec {
  public init(_ time: Time) { self.init(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds)) }
}
