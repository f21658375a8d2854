import CPlatform
import FileSystem
import Frames
import FuseServer
import OldMemory
import Platform

/// The questions of `record`, `status` and a remount to the process that serves a mount, and its answers: words of 64 bits.
enum ControlAnswers {
  enum Kind: UInt64 {
    /// Answer: the frame to ask for next (`UInt64.max` if there are no more), the number of runs, then each run's first PFN and length.
    case record = 1
    /// Answer: a `Status`.
    case status = 2
    /// A `LimitChange`. Answer: its `Outcome`.
    case limits = 3
    /// Values: a process's number, and its descriptor of a file open for appending. Answer: 0 once the record is kept there, or an errno.
    case keepRecord = 4
  }

  static func answer(_ question: Control.Question, _ fileSystem: MountedFileSystem, _ arguments: MountArguments) -> [UInt64] {
    switch Kind(rawValue: question.kind) {
    case .record:
      var words: [UInt64] = [UInt64.max, 0]
      let next = fileSystem.store.forEachOverwritten(from: question.values[0]) { run in
        guard words.count < Control.largestAnswer / 8 - 1 else { return false }
        words.append(run.first.rawValue)
        words.append(UInt64(run.count))
        words[1] += 1
        return true
      }
      if let next { words[0] = next }
      return words
    case .status: return Status(fileSystem, arguments).words
    case .keepRecord:
      do throws(Errno) {
        let path = Text("/proc/%/fd/%", question.values[0], question.values[1])
        fileSystem.store.keepRecord(in: try FileDescriptor.open(path, flags: O_WRONLY | O_APPEND))
        return [0]
      } catch { return [UInt64(error.rawValue)] }
    case .limits, nil: return []
    }
  }

  /// The state of a mount.
  struct Status {
    let words: [UInt64]

    init(_ fileSystem: MountedFileSystem, _ arguments: MountArguments) {
      let pool = fileSystem.store
      let way: UInt64 = pool.way.map { UInt64($0.rawValue) } ?? UInt64.max
      let room = fileSystem.statistics
      var words: [UInt64] = [
        UInt64(getpid()), way, UInt64(pool.level ?? 0), pool.isScanned ? 1 : 0, pool.totalFrames, pool.refusedFrames,
        UInt64(pool.damagedSections), pool.damagedFrames, room.blocks, room.freeBlocks, room.inodes, room.freeInodes,
        arguments.isReadOnlyFile ? 1 : 0, pool.retiredFrames,
        fileSystem.scrubs,
      ]
      for option in Option.allCases { words.append(arguments.number(of: option)) }
      self.words = words
    }

    init(_ words: [UInt64]) { self.words = words }

    var pid: UInt64 { words[0] }
    /// nil for scratch memory.
    var way: StoreWay? { StoreWay(rawValue: UInt8(truncatingIfNeeded: words[1])) }
    var level: UInt64 { words[2] }
    var isScanned: Bool { words[3] != 0 }
    var totalFrames: UInt64 { words[4] }
    var refusedFrames: UInt64 { words[5] }
    var damagedSections: UInt64 { words[6] }
    var damagedFrames: UInt64 { words[7] }
    // As statfs(2) has them.
    var blocks: UInt64 { words[8] }
    var freeBlocks: UInt64 { words[9] }
    var inodes: UInt64 { words[10] }
    var freeInodes: UInt64 { words[11] }
    /// The source is a file that may not be written: it is mounted `ro`.
    var isReadOnlyFile: Bool { words[12] != 0 }
    var retiredFrames: UInt64 { words[13] }
    /// How often all data have been checked.
    var scrubs: UInt64 { words[14] }
    /// The option's value at mount, or its default.
    func number(of option: Option) -> UInt64 { words[15 + Int(option.rawValue)] }
  }

  // MARK: Asking

  /// Asks a question. Returns the words of the answer.
  static func ask(_ kind: Kind, from cursor: UInt64 = 0, at directory: Text) throws(Failure) -> [UInt64] {
    try ask(Control.Question(kind: kind.rawValue, values: [cursor, 0, 0]), at: directory)
  }

  static func ask(_ question: Control.Question, at directory: Text) throws(Failure) -> [UInt64] {
    do throws(Errno) { return try Control.ask(question, at: directory) } catch {
      let isOther = error == .notTerminal || error == .notImplemented
      throw Failure(isOther ? "% is not on an oldmemfs mount" : "%: %", directory, error.text)
    }
  }
}
