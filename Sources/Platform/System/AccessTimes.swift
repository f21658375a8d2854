import CPlatform

/// When reading a file or a directory changes its time of access.
public struct AccessTimes: Equatable, BitwiseCopyable, Sendable {
  /// `MS_NOATIME`, `MS_NODIRATIME` and `MS_STRICTATIME`; without them, relatime's rule.
  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static var relative: AccessTimes { AccessTimes(rawValue: 0) }
  public static var never: AccessTimes { AccessTimes(rawValue: UInt64(MS_NOATIME)) }
  public static var always: AccessTimes { AccessTimes(rawValue: UInt64(MS_STRICTATIME)) }

  /// The same without directories.
  public var withoutDirectories: AccessTimes { AccessTimes(rawValue: rawValue | UInt64(MS_NODIRATIME)) }

  /// Whether each read counts.
  public var isStrict: Bool { rawValue & UInt64(MS_STRICTATIME) != 0 && rawValue & UInt64(MS_NOATIME) == 0 }

  /// Whether a read at `now` changes the time (`atime_needs_update` and `relatime_need_update`, fs/inode.c).
  public func changes(_ accessed: Time, modified: Time, changed: Time, now: Time, isDirectory: Bool) -> Bool {
    let excluding = UInt64(isDirectory ? MS_NOATIME | MS_NODIRATIME : MS_NOATIME)
    guard rawValue & excluding == 0, accessed != now else { return false }
    return isStrict || accessed <= modified || accessed <= changed
      || now.seconds - accessed.seconds >= 24 * 60 * 60
  }
}
