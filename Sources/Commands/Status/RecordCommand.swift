import CPlatform
import FuseServer
import Platform
import RunningKernel

/// `oldmemfs record [DIR] [--to FILE]`: lists the pages that became RAM or swap of this kernel, and those that the process that serves a
/// mount has overwritten.
///
/// Each run of pages of 4096 bytes is a line 'FIRST_PFN COUNT'. Standard output gets the runs overwritten so far, sorted. FILE begins
/// with a comment line ('#') and is kept up to date: the process that serves the mount appends a page before it overwrites it. FILE is
/// not sorted, and may list a page twice.
enum RecordCommand {
  static func run(_ words: [Text]) throws(Failure) -> ExitCode {
    let parsed = try OptionParser.parse(words, valued: ["--to"])
    var file: Text?
    for option in parsed.options {
      guard let value = option.value(of: "to="), !value.bytes.isEmpty else { throw .unknown(option) }
      file = value
    }
    let directory = parsed.operands.isEmpty ? nil : try StatusCommands.directory(parsed.operands)
    if let directory, ControlAnswers.Status(try ControlAnswers.ask(.status, at: directory)).way == nil {
      throw Failure("a scratch mount overwrites no pages of a crashed kernel")
    }
    if let file {
      try keep(in: file, at: directory)
    } else {
      try forEachPart(at: directory) { text throws(Failure) in _ = try Usage.output(text) }
    }
    return .success
  }

  /// First has the process keep the file, then adds the pages overwritten before. In this order no page is missed.
  private static func keep(in path: Text, at directory: Text?) throws(Failure) {
    let file = try begin(path, directory)
    if let directory {
      let question = Control.Question(
        kind: ControlAnswers.Kind.keepRecord.rawValue, values: [UInt64(getpid()), UInt64(file.rawValue), 0])
      let error = Errno(Int32(truncatingIfNeeded: try ControlAnswers.ask(question, at: directory)[0]))
      guard error == Errno(0) else { throw cannotKeep(path, error) }
    }
    var failed: Errno?
    try forEachPart(at: directory) { text throws(Failure) in
      do throws(Errno) { try file.write(text) } catch { failed = error }
    }
    if let failed { throw cannotKeep(path, failed) }
  }

  /// Makes the file, with the comment line. A file in the mount itself is EDEADLK: the process would wait for its own answer.
  private static func begin(_ path: Text, _ directory: Text?) throws(Failure) -> FileDescriptor {
    do throws(Errno) {
      let file = try FileDescriptor.open(path, flags: O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, mode: 0o600)
      if let directory {
        let mount = try FileDescriptor.open(directory, flags: FileDescriptor.readOnly)
        guard try !FileStatus(of: file).isOnSameFileSystem(as: FileStatus(of: mount)) else { throw Errno(EDEADLK) }
      }
      try file.write(Text("# FIRST_PFN COUNT: pages that oldmemfs overwrote. A dump has none of the crashed kernel's data there.\n"))
      return file
    } catch { throw cannotKeep(path, error) }
  }

  private static func cannotKeep(_ path: Text, _ error: Errno) -> Failure {
    Failure("the record can't be kept in %: %", path, error.text)
  }

  /// The frames of RAM that was added and of swap, sorted: nobody knows which of them have been written.
  private static func handedOver() -> [Range<UInt64>] {
    var frames = OldMemorySwap.frames
    for range in MemoryMap.current?.added ?? [] { frames.append(range.lowerBound / 4096..<range.upperBound / 4096) }
    frames.insertionSort { $0.lowerBound < $1.lowerBound }
    return frames
  }

  /// Calls `body` with the lines of each answer, and of what was handed over to the kernel among them.
  private static func forEachPart(at directory: Text?, _ body: (Text) throws(Failure) -> Void) throws(Failure) {
    let others = handedOver()
    var nextOther = 0
    /// Appends those that lie before a page.
    func appendOthers(before pfn: UInt64, to text: inout Text) {
      while nextOther < others.count, others[nextOther].lowerBound < pfn {
        text.append("% %\n", others[nextOther].lowerBound, others[nextOther].upperBound - others[nextOther].lowerBound)
        nextOther += 1
      }
    }
    var next: UInt64 = 0
    while next != UInt64.max {
      let answer =
        try directory.map { directory throws(Failure) in try ControlAnswers.ask(.record, from: next, at: directory) } ?? [UInt64.max, 0]
      var text = Text()
      for index in 0..<min(Int(truncatingIfNeeded: answer[1]), (answer.count - 2) / 2) {
        appendOthers(before: answer[2 + 2 * index], to: &text)
        text.append("% %\n", answer[2 + 2 * index], answer[3 + 2 * index])
      }
      next = answer[0]
      if next == UInt64.max { appendOthers(before: next, to: &text) }
      try body(text)
    }
  }
}
