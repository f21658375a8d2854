import CrashedKernel
import Platform

/// The dump level, by which pages are chosen: `level=`, or else the level that this initramfs was built for. Without either no page may
/// be reused, since a dump at level 0 holds them all.
extension MemoryArguments {
  /// A line with a number, made by the module's script `level`.
  private static var levelFile: Text { Text("/etc/oldmemfs.level") }

  /// The level for a scan: 31 by default, since a scan writes nothing.
  var scanLevel: DumpLevel { narrowed(level ?? 31) }

  /// The level for a mount.
  func mountLevel() throws(Failure) -> DumpLevel {
    guard let known = level ?? builtLevel
    else {
      throw Failure(
        "the dump level is not known: give level=N, makedumpfile's -d; if another program takes the dump, no page may be reused"
      )
    }
    let level = narrowed(known)
    // Zero pages are left out of a dump only while they are zeros.
    guard level.subtracting(.zero).isEmpty else { return level }
    throw Failure(
      "at dump level % no page may be reused: each is in the dump, or must stay zeros", Text("%", UInt64(level.rawValue)))
  }

  private func narrowed(_ level: UInt32) -> DumpLevel {
    let level = DumpLevel(rawValue: level)
    return reuse.map { level.intersection($0) } ?? level
  }

  private var builtLevel: UInt32? {
    let lines = Files.contents(of: Self.levelFile).split(UInt8(ascii: "\n"))
    guard lines.count == 1, let number = lines[0].number(), number <= 31 else { return nil }
    return UInt32(number)
  }

  /// Takes the value of `reuse=`: the last of the classes free, cache and user that may be used. Returns false if it is none of them.
  func take(reuse value: Text) -> Bool {
    if value == "free" {
      reuse = .free
    } else if value == "cache" {
      reuse = [.free, .cache, .privateCache]
    } else if value == "user" {
      reuse = [.free, .cache, .privateCache, .user]
    } else {
      return false
    }
    return true
  }
}
