import CPlatform
import FuseServer
import Platform

/// `oldmemfs record DIR [--to FILE]`: which pages the process that serves a mount has overwritten.
///
/// Lines 'FIRST_PFN COUNT', a line for each run of pages of 4096 bytes. On standard output it is what was overwritten until now,
/// sorted. FILE begins with a line of comment ('#') and is kept: before another page is overwritten, the process that serves the
/// mount appends it. Such a line may come anywhere, and may say again what another says.
enum RecordCommand {
  static func run(_ words: [Text]) throws(Failure) -> ExitCode {
    let parsed = try OptionParser.parse(words, valued: ["--to"])
    var file: Text?
    for option in parsed.options {
      guard let value = option.value(of: "to="), !value.bytes.isEmpty else { throw .unknown(option) }
      file = value
    }
    let directory = try StatusCommands.directory(parsed.operands)
    guard ControlAnswers.Status(try ControlAnswers.ask(.status, at: directory)).way != nil
    else { throw Failure("a scratch mount overwrites no crashed kernel's pages") }
    if let file {
      try keep(in: file, at: directory)
    } else {
      try forEachPart(at: directory) { text throws(Failure) in _ = try Usage.output(text) }
    }
    return .success
  }

  /// Has the file kept first, and then adds what was overwritten before: in between nothing is missed.
  private static func keep(in path: Text, at directory: Text) throws(Failure) {
    let file = try begin(path, directory)
    let question = Control.Question(
      kind: ControlAnswers.Kind.keepRecord.rawValue, values: [UInt64(getpid()), UInt64(file.rawValue), 0])
    let error = Errno(Int32(truncatingIfNeeded: try ControlAnswers.ask(question, at: directory)[0]))
    guard error == Errno(0) else { throw cannotKeep(path, error) }
    var failed: Errno?
    try forEachPart(at: directory) { text throws(Failure) in
      do throws(Errno) { try file.write(text) } catch { failed = error }
    }
    if let failed { throw cannotKeep(path, failed) }
  }

  /// A file with nothing but the comment. One in the mount itself is EDEADLK: the process would wait for its own answer.
  private static func begin(_ path: Text, _ directory: Text) throws(Failure) -> FileDescriptor {
    do throws(Errno) {
      let mount = try FileDescriptor.open(directory, flags: FileDescriptor.readOnly)
      let file = try FileDescriptor.open(path, flags: O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, mode: 0o600)
      guard try !FileStatus(of: file).isOnSameFileSystem(as: FileStatus(of: mount)) else { throw Errno(EDEADLK) }
      try file.write(Text("# FIRST_PFN COUNT: pages that oldmemfs overwrote. What a dump has there is not the crashed kernel's.\n"))
      return file
    } catch { throw cannotKeep(path, error) }
  }

  private static func cannotKeep(_ path: Text, _ error: Errno) -> Failure {
    Failure("the record can't be kept in %: %", path, error.text)
  }

  /// Hands the lines to `body`, as many as an answer has at a time.
  private static func forEachPart(at directory: Text, _ body: (Text) throws(Failure) -> Void) throws(Failure) {
    var next: UInt64 = 0
    while next != UInt64.max {
      let answer = try ControlAnswers.ask(.record, from: next, at: directory)
      var text = Text()
      for index in 0..<min(Int(truncatingIfNeeded: answer[1]), (answer.count - 2) / 2) {
        text.append("% %\n", answer[2 + 2 * index], answer[3 + 2 * index])
      }
      try body(text)
      next = answer[0]
    }
  }
}
