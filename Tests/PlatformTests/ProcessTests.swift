import Testing

@testable import Platform

/// Serialized, since a child inherits the pipes of tests that run at the same time.
@Suite("Processes", .serialized)
struct ProcessTests {
  private func child(_ body: () -> Int32) throws -> ChildProcess {
    switch try ChildProcess.fork() {
    case .child: ThisProcess.end(code: body())
    case .parent(let child): return child
    }
  }

  /// Runs a program with its standard output in a pipe. Returns its output, and how it ended.
  private func run(_ path: Literal, _ words: [Literal]) throws -> (bytes: [UInt8], end: ChildProcess.End) {
    let pipe = try Pipe()
    let child = try child {
      pipe.writing.become(.output)
      do throws(Errno) { try ThisProcess.execute(Text(path), words.map { Text($0) }) } catch { return error.rawValue }
    }
    pipe.writing.close()
    var bytes: [UInt8] = []
    while let byte = pipe.reading.readByte() { bytes.append(byte) }
    return (bytes, child.end())
  }

  @Test(
    "a status says how a process ended",
    arguments: [
      (Int32(0), ChildProcess.End.exited(code: 0)), (0x700, .exited(code: 7)), (0xff00, .exited(code: 255)), (9, .killed(signal: 9)),
      (0x86, .killed(signal: 6)),
    ])
  func status(status: Int32, end: ChildProcess.End) { #expect(ChildProcess.End(status: status) == end) }

  @Test(
    "an end is said in words",
    arguments: [
      (ChildProcess.End.exited(code: 7), "exit code 7"), (.killed(signal: 9), "signal 9"), (.unknown, "how is unknown"),
    ])
  func words(end: ChildProcess.End, words: String) { #expect(String(decoding: end.text.bytes, as: UTF8.self) == words) }

  @Test("a child's end is told once")
  func once() throws {
    let child = try child { 7 }
    #expect(child.end() == .exited(code: 7))
    #expect(child.end() == .unknown)
    #expect(child.end(within: 1) == .unknown)
  }

  @Test("a child that runs has no end, until it ends or is killed")
  func waiting() throws {
    let pipe = try Pipe()
    let waits = { (pipe: borrowing Pipe) -> Int32 in Int32(pipe.reading.readByte() ?? 99) }
    let first = try child { waits(pipe) }
    #expect(first.end(within: 0) == nil)
    pipe.writing.write(byte: 7)
    #expect(first.end(within: 10) == .exited(code: 7))
    let second = try child { waits(pipe) }
    #expect(second.end(within: 0) == nil)
    second.kill()
    #expect(second.end() == .killed(signal: 9))
  }

  @Test("a group ends with all that its leader has started")
  func group() throws {
    let pipe = try Pipe()
    let answer = try Pipe()
    ThisProcess.adoptOrphans()
    let leader = try child {
      ThisProcess.leadSession()
      // Another process in the group, which says that it runs.
      if case .child? = try? ChildProcess.fork() { answer.writing.write(byte: 1) }
      _ = pipe.reading.readByte()
      return 0
    }
    #expect(answer.reading.waitForInput(seconds: 10) == true)
    #expect(!leader.groupEnds(within: 0))
    leader.killGroup()
    #expect(leader.groupEnds(within: 10))
    #expect(leader.end() == .unknown)
  }

  @Test("a program gets its words and the streams, and no other descriptor")
  func execute() throws {
    let pipe = try Pipe()
    let ran = try run("/bin/sh", ["name", "-c", "printf %s,%s \"$0\" \"$1\"; exit 4", "zero", "one word"])
    #expect(String(decoding: ran.bytes, as: UTF8.self) == "zero,one word")
    #expect(ran.end == .exited(code: 4))
    let path = Text("/proc/self/fd/%", UInt64(pipe.reading.rawValue))
    #expect(Files.exists(path))
    let looks = try child {
      do throws(Errno) { try ThisProcess.execute(Text("/bin/sh"), [Text("sh"), Text("-c"), Text("test -e $0"), path]) } catch { return 9 }
    }
    #expect(looks.end() == .exited(code: 1))
  }

  @Test("a program that is not there is ENOENT, and the process goes on")
  func noProgram() throws { #expect(try run("/nowhere/program", ["program"]).end == .exited(code: Errno.noEntry.rawValue)) }

  @Test("a daemon's parent returns when it is ready, and with its exit code when it ends before", arguments: [(true, 0), (false, 5)])
  func daemon(isReady: Bool, code: Int32) throws {
    let side = try Daemon.start()
    switch consume side {
    case .child(let pipe):
      if isReady { pipe.ready() }
      ThisProcess.end(code: 5)
    case .parent(let exitCode): #expect(exitCode == code)
    }
  }
}

@Suite("Pipes")
struct PipeTests {
  @Test("bytes come in order, and none after the end")
  func bytes() throws {
    let pipe = try Pipe()
    #expect(pipe.reading.waitForInput(seconds: 0) == false)
    pipe.writing.write(byte: 1)
    pipe.writing.write(byte: 2)
    #expect(pipe.reading.waitForInput(seconds: 0) == true)
    #expect(pipe.reading.readByte() == 1)
    #expect(pipe.reading.readByte() == 2)
    pipe.writing.close()
    #expect(pipe.reading.waitForInput(seconds: 10) == true)
    #expect(pipe.reading.readByte() == nil)
  }
}
