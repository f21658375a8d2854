import FuseServer
import OldMemory
import Platform

/// `oldmemfs record DIR` and `oldmemfs status DIR`: what the process that serves a mount says.
enum StatusCommands {
  /// A line 'FIRST_PFN COUNT' for each run of pages that was overwritten since the mount, sorted.
  static func record(_ words: [Text]) -> ExitCode {
    run(words) { directory throws(Failure) in
      guard ControlAnswers.Status(try ControlAnswers.ask(.status, at: directory)).way != nil
      else { throw Failure(Text("a scratch mount overwrites no crashed kernel's pages")) }
      var exitCode = ExitCode.success
      var next: UInt64 = 0
      while next != UInt64.max, exitCode == .success {
        let answer = try ControlAnswers.ask(.record, from: next, at: directory)
        var text = Text()
        for index in 0..<min(Int(truncatingIfNeeded: answer[1]), (answer.count - 2) / 2) {
          text.append(answer[2 + 2 * index])
          text.append(" ")
          text.append(answer[3 + 2 * index])
          text.append("\n")
        }
        exitCode = Usage.output(text)
        next = answer[0]
      }
      return exitCode
    }
  }

  static func status(_ words: [Text]) -> ExitCode {
    run(words) { directory throws(Failure) in
      let status = ControlAnswers.Status(try ControlAnswers.ask(.status, at: directory))
      var text = Text()
      field("written by", &text) { text in
        if let way = status.way { way.describe(to: &text) } else { text.append("nothing: scratch memory") }
      }
      if status.way != nil { field("level", &text) { $0.append(status.level) } }
      amount("pages", status.totalFrames, &text, note: status.isScanned ? "" : " so far")
      amount("used", status.totalFrames - min(status.totalFrames, status.freeFrames), &text)
      amount("free", status.freeFrames, &text)
      amount("refused", status.refusedFrames, &text)
      field("damaged", &text) { text in
        text.append(status.damagedFrames)
        text.append(" reads of pages, ")
        text.append(status.damagedSections)
        text.append(" sections")
      }
      field("memory", &text) { text in
        text.append(anonymousMemory(of: status.pid))
        text.append(" in process ")
        text.append(status.pid)
      }
      return Usage.output(text)
    }
  }

  private static func run(_ words: [Text], _ body: (Text) throws(Failure) -> ExitCode) -> ExitCode {
    guard let directory = words.first else { return UsageError.missingDirectory.report() }
    guard words.count == 1 else { return UsageError.unexpected(words[1]).report() }
    do throws(Failure) { return try body(directory) } catch {
      Log.line(error.message)
      return .failure
    }
  }

  private static func field(_ name: Literal, _ text: inout Text, _ value: (inout Text) -> Void) {
    let start = text.bytes.count
    text.append(name)
    text.pad(to: 12, from: start)
    value(&text)
    text.append("\n")
  }

  private static func amount(_ name: Literal, _ frames: UInt64, _ text: inout Text, note: Literal = "") {
    field(name, &text) { text in
      text.append(frames, width: 12)
      text.append(ratio: frames * 10, to: 2560, decimals: 1, width: 11)
      text.append(" MiB")
      text.append(note)
    }
  }

  /// What /proc says of a process's own memory: "136 kB".
  private static func anonymousMemory(of pid: UInt64) -> Text {
    var path = Text("/proc/")
    path.append(pid)
    path.append("/status")
    do throws(Errno) {
      for line in try FileDescriptor.open(path, flags: FileDescriptor.readOnly).contents().split(separator: UInt8(ascii: "\n")) {
        var text = Text()
        text.append(bytes: line)
        if let value = text.value(of: "RssAnon:") {
          var amount = Text()
          amount.append(bytes: value.bytes.drop { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") })
          return amount
        }
      }
    } catch {}
    return Text("unknown")
  }
}
