import CPlatform
import FileSystem
import FuseServer
import Platform

/// `oldmemfs SOURCE DIR -o remount,…`: changes a mount. `mount -o remount,… DIR` runs it.
///
/// The process that serves the mount changes size=, nr_inodes= and access times; the kernel changes its own flags. Another value of any
/// other option is refused. (A tmpfs silently ignores mode=, uid= and gid=: `shmem_reconfigure`, mm/shmem.c.)
enum RemountCommand {
  static func run(_ arguments: MountArguments) throws(Failure) -> ExitCode {
    let directory = arguments.directory
    try check(arguments, ControlAnswers.Status(try ControlAnswers.ask(.status, at: directory)))
    let answer = try ControlAnswers.ask(LimitChange(arguments).question, at: directory)
    switch LimitChange.Outcome(rawValue: answer[0]) {
    case .done: break
    case .tooLarge: throw Failure("%: size= is more than there is: % MiB", directory, Text("%", answer[1] / 256))
    default: throw Failure("%: more is in use than size= or nr_inodes= allows: %", directory, Errno.invalid.text)
    }
    do throws(Errno) {
      // mount(8) names all of them. Without any, they stay as they are.
      if arguments.flags.isGiven { try arguments.flags.remount(directory) }
    } catch { throw Failure("can't remount %: %", directory, error.text) }
    return .success
  }

  /// Refuses changes that only a new mount can make.
  private static func check(_ arguments: MountArguments, _ status: ControlAnswers.Status) throws(Failure) {
    for option in Option.allCases where option.isFixed && arguments.has(option) {
      let number = arguments.number(of: option)
      if number == status.number(of: option) || option == .level && number == status.level { continue }
      throw Failure(
        option.isOfRoot ? "a remount can't change %: use chmod, chown or chgrp" : "a remount can't change %: unmount, and mount again",
        Text(option.name))
    }
    if status.isReadOnlyFile, arguments.flags.isGiven, !arguments.flags.isReadOnly {
      throw Failure("a remount can't make it rw: unmount, and mount again with -o overwrite")
    }
  }
}

/// The limits that a remount changes; nil leaves a limit as it is.
struct LimitChange {
  var size: Size?
  var inodes: UInt64?
  var accessTimes: AccessTimes?

  /// The result.
  enum Outcome: UInt64 {
    /// More is in use than the new limit.
    case tooSmall
    case done
    /// There are fewer pages; their number follows in the answer.
    case tooLarge
  }

  init(_ arguments: MountArguments) {
    size = arguments.size
    inodes = arguments.inodes
    accessTimes = arguments.flags.saysAccessTimes ? arguments.flags.accessTimes : nil
  }

  // MARK: As a question: three numbers; `none` stands for nil

  private static var none: UInt64 { UInt64.max }
  /// A size with this bit is a percentage.
  private static var percent: UInt64 { 1 << 63 }

  var question: Control.Question {
    var sizeNumber = Self.none
    switch size {
    case .absolute(let bytes)?: sizeNumber = min(bytes, Self.percent - 1)
    case .percent(let percent)?: sizeNumber = Self.percent | min(percent, Self.percent - 2)
    case nil: break
    }
    return Control.Question(
      kind: ControlAnswers.Kind.limits.rawValue,
      values: [sizeNumber, inodes ?? Self.none, accessTimes?.rawValue ?? Self.none])
  }

  /// The change that a question asks for; nil if it is another question.
  init?(_ question: Control.Question) {
    guard question.kind == ControlAnswers.Kind.limits.rawValue else { return nil }
    let number = question.values[0]
    if number != Self.none {
      size = number & Self.percent != 0 ? .percent(number & ~Self.percent) : .absolute(number)
    }
    if question.values[1] != Self.none { inodes = question.values[1] }
    if question.values[2] != Self.none { accessTimes = AccessTimes(rawValue: question.values[2]) }
  }
}
