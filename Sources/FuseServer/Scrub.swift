import FileSystem
import Platform

/// Checks the data of all files for damage from outside while nobody asks for anything, so that damage to files that nobody reads is
/// known, too.
///
/// It must not be felt: a capture kernel has one processor, which makedumpfile needs even when no request comes. So it begins after some
/// seconds without a request. Then it checks a slice at a time, as much as the largest request reads: no request waits for it longer than
/// it would behind another one. With the gaps between slices that is 50 MiB a second, a hundredth or so of what a processor can check.
/// From the end of a pass to the next one is a minute: a capture lasts some minutes, and stray DMA is of requests that were under way at
/// the crash, so most damage is done early. In that minute nothing wakes the processor up.
struct Scrub {
  /// Seconds between two ticks. It begins with the first before which no request came since the last. To wait for requests with a time-out
  /// would cost each of them a system call, and a creation 4 % of its time.
  static var tick: Int32 { 3 }
  /// Milliseconds between slices.
  static var gap: Int32 { 20 }
  /// The same after damage: the kernel's log takes ten lines in five seconds of a process, and drops the others (`devkmsg_write`,
  /// kernel/printk/printk.c).
  static var gapAfterDamage: Int32 { 600 }
  /// Seconds between passes.
  static var pause: Int64 { 60 }
  /// Blocks: 1 MiB.
  static var slice: Int { 256 }

  let isOn: Bool
  /// The milliseconds to wait for a request before the next step; -1 for as long as none comes (poll(2)).
  private(set) var patience: Int32 = -1
  /// Ticks are to interrupt the wait.
  private(set) var isTicking = false
  /// No request has come since the last tick.
  private var isQuiet = true
  /// Seconds of the monotonic clock before which no pass begins.
  var nextPass: Int64 = 0

  init(isOn: Bool) {
    self.isOn = isOn
    noteRequest()
  }

  mutating func noteRequest() {
    isQuiet = false
    guard isOn, !isTicking else { return }
    isTicking = true
    patience = -1
  }

  mutating func noteTick() {
    guard isTicking else { return }
    guard isQuiet else {
      isQuiet = true
      return
    }
    isTicking = false
    patience = 0
  }

  /// Checks a slice, or sees that it is not time yet. Damage is logged, and ends the slice.
  mutating func step(_ server: Server) {
    let now = Time.monotonic().seconds
    patience = Self.gap
    if !server.fileSystem.hasFrames {
      // What is written begins with a request.
      patience = -1
    } else if now < nextPass {
      patience = Int32(nextPass - now) * 1000
    } else {
      do throws(FileSystemError) {
        for _ in 0..<Self.slice {
          guard try server.fileSystem.scrubNext() else {
            nextPass = now + Self.pause
            return
          }
        }
      } catch {
        server.logDamage(error)
        patience = Self.gapAfterDamage
      }
    }
  }
}
