import Testing

@testable import KdumpFile

private let iomem = "00001000-0009fbff : System RAM\n2f000000-2fffffff : RAM buffer\n"

private func refused(iomem text: String = iomem, commandLine: String) throws -> UInt64 {
  let ranges = try withFile("192000 1000 free\n196000 1000 cache\n") { try FrameRanges(path: $0) }
  let memory = try withFile(text) { iomem in try withFile(commandLine) { try RefusedMemory(iomem: iomem, commandLine: $0) } }
  return memory.frames(of: ranges)
}

@Suite("memory that can't be mapped")
struct RefusedTests {
  // Frames from 192512 to 196607.
  @Test("is the buffer beside the capture kernel's own")
  func buffer() throws { #expect(try refused(commandLine: "console=ttyS0 panic=1\n") == 488 + 608) }

  @Test("is none when the kernel was told to be lax")
  func relaxed() throws {
    #expect(try refused(commandLine: "console=ttyS0 iomem=relaxed panic=1\n") == 0)
    #expect(try refused(commandLine: "iomem=relaxed iomem=strict\n") == 488 + 608)
  }

  @Test("is told by root's copy alone")
  func unprivileged() { #expect(throws: LabError.self) { try refused(iomem: "00000000-00000000 : System RAM\n", commandLine: "a\n") } }
}
