import FuseServer
import OldMemory
import Platform
import RunningKernel

/// `oldmemfs status DIR`: prints the state of a mount, as the process that serves it tells.
enum StatusCommands {
  static func status(_ words: [Text]) throws(Failure) -> ExitCode {
    let status = ControlAnswers.Status(try ControlAnswers.ask(.status, at: directory(words)))
    var text = Text()
    text.appendField(
      "written by", status.isReadOnlyFile ? Text("nothing: ro, without overwrite") : status.way?.text ?? Text("nothing: scratch memory"))
    if status.way != nil { text.appendField("level", Text("%", status.level)) }
    amount("pages", status.totalFrames, &text, note: status.isScanned ? "" : " so far")
    // As df shows them: within size= and nr_inodes=.
    amount("size", status.blocks, &text)
    amount("used", status.blocks - min(status.blocks, status.freeBlocks), &text)
    amount("free", status.freeBlocks, &text)
    text.appendField("inodes", Text("% of % used", status.inodes - min(status.inodes, status.freeInodes), status.inodes))
    amount("refused", status.refusedFrames, &text)
    amount("retired", status.retiredFrames, &text)
    text.appendField("damaged", Text("% pages, % sections", status.damagedFrames, status.damagedSections))
    text.appendField("checked", Text("% times", status.scrubs))
    var added: UInt64 = 0
    for range in MemoryMap.current?.added ?? [] { added += (range.upperBound - range.lowerBound) / 4096 }
    amount("added RAM", added, &text)
    text.appendField("memory", Text("% in process %", anonymousMemory(of: status.pid), Text("%", status.pid)))
    return try Usage.output(text)
  }

  /// The operand of a command about a mount.
  static func directory(_ words: [Text]) throws(Failure) -> Text {
    guard let directory = words.first else { throw Failure(usage: "the DIR of a mount is needed") }
    guard words.count == 1 else { throw .unexpected(words[1]) }
    return directory
  }

  @inline(never)
  private static func amount(_ name: Literal, _ frames: UInt64, _ text: inout Text, note: Literal = "") {
    var value = Text()
    value.append(frames, width: 12)
    value.append(ratio: frames * 10, to: 2560, decimals: 1, width: 11)
    value.append(" MiB%", Text(note))
    text.appendField(name, value)
  }

  /// A process's anonymous memory (proc(5)): "136 kB".
  private static func anonymousMemory(of pid: UInt64) -> Text {
    guard let value = Files.contents(of: Text("/proc/%/status", pid)).bytes.line(after: Text("RssAnon:")) else { return Text("unknown") }
    return value.dropping(value.bytes.firstIndex { $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: " ") } ?? 0)
  }
}

extension Text {
  /// Appends a line: a name, padded to 12 columns, and its value.
  @inline(never)
  mutating func appendField(_ name: Literal, _ value: Text) {
    let start = bytes.count
    append(name)
    pad(to: 12, from: start)
    append("%\n", value)
  }
}
