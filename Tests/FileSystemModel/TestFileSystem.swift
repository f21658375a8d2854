import Frames
import Platform

@testable import FileSystem

/// A clock that stands still until a test moves it.
final class TestClock {
  var time = Time(seconds: 1_000_000, nanoseconds: 5)

  func pass(_ seconds: Int64) { time = Time(seconds: time.seconds + seconds, nanoseconds: time.nanoseconds) }

  /// Moves on by a second, and sometimes by more than a day.
  func advance(_ step: Int) {
    time = Time(seconds: time.seconds + (step % 97 == 0 ? 100_000 : 1), nanoseconds: UInt32(step % 1_000_000_000))
  }
}

extension FileName {
  static var dot: FileName { try! FileName(Array(".".utf8)) }
  static var dotDot: FileName { try! FileName(Array("..".utf8)) }
}

extension AttributeName {
  static func accessList(isDefault: Bool) -> AttributeName {
    try! AttributeName(Array((isDefault ? "system.posix_acl_default" : "system.posix_acl_access").utf8))
  }
}

/// Requests with arrays instead of buffers.
extension FileSystem where Store: ~Copyable {
  func bytes(of number: InodeNumber, at offset: UInt64, count: Int, touching: Bool) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: count)
    let done = try bytes.withUnsafeMutableBytes { buffer in try read(number, at: offset, into: buffer, touching: touching) }
    bytes.removeLast(count - done)
    return bytes
  }

  func write(_ bytes: [UInt8], to number: InodeNumber, at offset: UInt64, by caller: Caller) throws -> Int {
    try bytes.withUnsafeBytes { try write(number, at: offset, $0, by: caller) }
  }

  func attributeNames(of number: InodeNumber, by caller: Caller) throws -> Set<[UInt8]> {
    let names = try attributeNames(of: number, for: caller)
    return Set(names.split(separator: 0, omittingEmptySubsequences: true).map(Array.init))
  }
}
