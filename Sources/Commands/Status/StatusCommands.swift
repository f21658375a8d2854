import FuseServer
import OldMemory
import Platform

/// `oldmemfs status DIR`: how the process that serves a mount says that it is.
enum StatusCommands {
  static func status(_ words: [Text]) throws(Failure) -> ExitCode {
    let status = ControlAnswers.Status(try ControlAnswers.ask(.status, at: directory(words)))
    var text = Text()
    text.appendField(
      "written by", status.isReadOnlyFile ? Text("nothing: ro, without overwrite") : status.way?.text ?? Text("nothing: scratch memory"))
    if status.way != nil { text.appendField("level", Text("%", status.level)) }
    amount("pages", status.totalFrames, &text, note: status.isScanned ? "" : " so far")
    // The same as df shows: what size= and nr_inodes= leave of it.
    amount("size", status.blocks, &text)
    amount("used", status.blocks - min(status.blocks, status.freeBlocks), &text)
    amount("free", status.freeBlocks, &text)
    text.appendField("inodes", Text("% of % used", status.inodes - min(status.inodes, status.freeInodes), status.inodes))
    amount("refused", status.refusedFrames, &text)
    amount("retired", status.retiredFrames, &text)
    text.appendField("damaged", Text("% pages, % sections", status.damagedFrames, status.damagedSections))
    text.appendField("memory", Text("% in process %", anonymousMemory(of: status.pid), Text("%", status.pid)))
    return try Usage.output(text)
  }

  /// The one word of a command that asks about a mount.
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

  /// What /proc says of a process's own memory: "136 kB".
  private static func anonymousMemory(of pid: UInt64) -> Text {
    guard let value = Files.contents(of: Text("/proc/%/status", pid)).bytes.line(after: Text("RssAnon:")) else { return Text("unknown") }
    return value.dropping(value.bytes.firstIndex { $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: " ") } ?? 0)
  }
}

extension Text {
  /// Appends a line of a table: a name, padded to 12 columns, and its value.
  @inline(never)
  mutating func appendField(_ name: Literal, _ value: Text) {
    let start = bytes.count
    append(name)
    pad(to: 12, from: start)
    append("%\n", value)
  }
}
