import CPlatform
import FileSystem
import FuseServer
import Platform

/// `oldmemfs SOURCE DIR -o remount,…`, which is what `mount -o remount,… DIR` runs: it changes a mount and starts no other.
///
/// The process that serves the mount changes size=, nr_inodes= and atime; the kernel changes its own flags.
enum RemountCommand {
  static func run(_ arguments: MountArguments) throws(Failure) -> ExitCode {
    let directory = arguments.directory
    guard try ControlAnswers.ask(LimitChange(arguments).question, at: directory).first == 1
    else { throw Failure("%: more is in use than that size= or nr_inodes= allows: %", directory, Errno.invalid.text) }
    do throws(Errno) {
      // None given leaves them as they are; mount(8) gives them all.
      if !arguments.flags.isEmpty { try MountFlags(arguments.flags).remount(directory) }
    } catch { throw Failure("can't remount %: %", directory, error.text) }
    return .success
  }
}

/// What of the limits a remount changes; nil leaves a limit as it is.
struct LimitChange {
  var size: Size?
  var inodes: UInt64?
  var keepsAccessTimes: Bool?

  init(_ arguments: MountArguments) {
    size = arguments.size
    inodes = arguments.inodes
    keepsAccessTimes = arguments.flags.isEmpty ? nil : arguments.keepsAccessTimes
  }

  // MARK: As a question: numbers, of which `none` is nil

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
      values: [sizeNumber, inodes ?? Self.none, keepsAccessTimes.map { $0 ? 1 : 0 } ?? Self.none])
  }

  /// The change that a question asks for; nil if it asks for something else.
  init?(_ question: Control.Question) {
    guard question.kind == ControlAnswers.Kind.limits.rawValue else { return nil }
    let number = question.values[0]
    if number != Self.none {
      size = number & Self.percent != 0 ? .percent(number & ~Self.percent) : .absolute(number)
    }
    if question.values[1] != Self.none { inodes = question.values[1] }
    if question.values[2] != Self.none { keepsAccessTimes = question.values[2] != 0 }
  }
}
