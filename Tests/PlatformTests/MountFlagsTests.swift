import Testing

@testable import Platform

struct MountFlagsTests {
  private func flags(_ words: [Literal]) -> MountFlags {
    var flags = MountFlags()
    for word in words { _ = flags.take(Text(word)) }
    return flags
  }

  @Test("a later option goes over an earlier one")
  func order() {
    #expect(flags(["ro", "rw"]).rawValue == 0)
    #expect(flags(["exec", "noexec"]).rawValue == 8)
  }

  @Test("flags are the kernel's numbers, and other options are none")
  func numbers() {
    #expect(flags(["ro", "nosuid", "nodev", "sync", "noatime"]).rawValue == 1 | 2 | 4 | 16 | 1024)
    #expect(flags(["dirsync", "nosymfollow", "nodiratime", "silent"]).rawValue == 128 | 256 | 2048 | 1 << 15)
    #expect(flags(["relatime"]).rawValue == 1 << 21)
    #expect(flags(["strictatime", "lazytime"]).rawValue == 3 << 24)
    #expect(!flags(["size=1m", "remount", "mand", "."]).isGiven)
    #expect(flags(["loud", "symfollow", "nomand", "nolazytime"]) == flags(["rw"]))
  }

  @Test("of noatime, relatime and strictatime the last counts")
  func accessTimes() {
    #expect(flags(["noatime", "strictatime"]).accessTimes == .always)
    #expect(flags(["strictatime", "noatime"]).accessTimes == .never)
    #expect(flags(["noatime", "relatime"]).accessTimes == .relative)
    #expect(flags(["noatime", "atime"]).accessTimes == .relative)
    #expect(flags(["nodiratime"]).accessTimes == AccessTimes.relative.withoutDirectories)
    #expect(!flags(["ro", "nosuid"]).saysAccessTimes)
    #expect(flags(["atime"]).saysAccessTimes)
  }

  @Test("libfuse gets the words that it knows, and a remount sets the others")
  func words() {
    var text = Text()
    flags(["ro", "nosuid", "nodev", "noexec", "sync", "dirsync", "noatime", "nosymfollow"]).append(to: &text)
    #expect(text == ",ro,nosuid,nodev,noexec,sync,dirsync")
    #expect(!flags(["ro", "dirsync", "relatime", "silent"]).needsRemount)
    #expect(flags(["noatime"]).needsRemount)
    #expect(flags(["nosymfollow"]).needsRemount)
  }
}

struct AccessTimesTests {
  private func changes(_ times: AccessTimes, after seconds: Int64, modified: Int64 = 0, directory: Bool = false) -> Bool {
    let start = Time(seconds: 1000, nanoseconds: 0)
    return times.changes(
      start, modified: Time(seconds: 999 + modified, nanoseconds: 0), changed: Time(seconds: 999, nanoseconds: 0),
      now: Time(seconds: 1000 + seconds, nanoseconds: 0), isDirectory: directory)
  }

  @Test("relatime: after a change, or after a day")
  func relative() {
    #expect(!changes(.relative, after: 86_399))
    #expect(changes(.relative, after: 86_400))
    #expect(changes(.relative, after: 1, modified: 1))
  }

  @Test("strictatime: always, noatime: never")
  func others() {
    #expect(changes(.always, after: 1))
    #expect(!changes(.always, after: 0))
    #expect(!changes(.never, after: 1_000_000, modified: 1))
  }

  @Test("nodiratime: files alone")
  func directories() {
    #expect(!changes(AccessTimes.always.withoutDirectories, after: 1, directory: true))
    #expect(changes(AccessTimes.always.withoutDirectories, after: 1))
    #expect(changes(.always, after: 1, directory: true))
  }
}
