import CrashedKernel
import Platform

/// The dump level that frames are chosen for: what is said, else what was found when this initramfs was built. Without either nothing
/// may be reused: no level is one that a dump could not be below.
extension MemoryArguments {
  /// A number and a line's end, from the module's `level`.
  private static var levelFile: Text { Text("/etc/oldmemfs.level") }

  /// The level for a scan, which writes nothing: 31 unless said.
  var scanLevel: DumpLevel { narrowed(level ?? 31) }

  /// The level for a mount.
  func mountLevel() throws(Failure) -> DumpLevel {
    guard let known = level ?? builtLevel
    else {
      throw Failure(
        "the dump level is not known: give level=N as makedumpfile's -d has it; where another program takes the dump, nothing may be reused"
      )
    }
    let level = narrowed(known)
    // Pages of zeros have to stay zeros.
    guard level.subtracting(.zero).isEmpty else { return level }
    throw Failure(
      "at dump level % nothing may be reused: whatever could be is in the dump, or has to stay zeros", Text("%", UInt64(level.rawValue)))
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

  /// Takes the value of `reuse=`: the classes up to which frames are taken, in the order in which they are; false if it is
  /// none.
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
