import FileSystem
import Frames
import Platform
import Testing

@testable import FuseServer
@testable import OldMemory

@Suite("The scrub of a session")
struct ScrubTests {
  /// A session with a file of so many pages, each of which is written.
  private func connection(pages: Int) throws -> (Connection, Connection.File) {
    let connection = try Connection(frames: 2000)
    let file = try connection.create("a")
    for page in 0..<pages { _ = try connection.write([UInt8](repeating: 1, count: frameSize), to: file, at: UInt64(page * frameSize)) }
    return (connection, file)
  }

  /// Changes a byte of a page that was written, as stray DMA would.
  private func strike(_ pool: FramePool, _ number: Int) throws {
    var frames: [FrameNumber] = []
    _ = pool.forEachOverwritten(from: 0) { run in
      frames += (0..<run.count).map { run.first + $0 }
      return true
    }
    var bytes = [UInt8](repeating: 0, count: frameSize)
    _ = try bytes.withUnsafeMutableBytes { try pool.backend.read(frames[number], into: $0) }
    bytes[77] ^= 1
    _ = try bytes.withUnsafeBytes { try pool.backend.write($0, to: frames[number]) }
  }

  /// Ticks until it begins, with a request before the first.
  private func waitForBeginning(_ scrub: inout Scrub) {
    scrub.noteRequest()
    #expect(scrub.patience == -1 && scrub.isTicking)
    scrub.noteTick()
    #expect(scrub.patience == -1 && scrub.isTicking)
    scrub.noteTick()
    #expect(scrub.patience == 0 && !scrub.isTicking)
  }

  @Test("it begins some seconds after a request, goes on in slices, and comes again a minute later")
  func pace() throws {
    let (connection, _) = try connection(pages: 600)
    let server = connection.session.server
    var scrub = Scrub(isOn: true)
    waitForBeginning(&scrub)
    for _ in 0..<2 {
      scrub.step(server)
      #expect(scrub.patience == Scrub.gap && server.fileSystem.scrubs == 0)
    }
    waitForBeginning(&scrub)
    scrub.step(server)
    #expect(server.fileSystem.scrubs == 1)
    // A request does not bring the next pass forward.
    waitForBeginning(&scrub)
    scrub.step(server)
    #expect(scrub.patience > 55_000 && scrub.patience <= 60_000 && server.fileSystem.scrubs == 1)
    scrub.nextPass = 0
    for _ in 0..<3 { scrub.step(server) }
    #expect(server.fileSystem.scrubs == 2)
  }

  @Test("where no file has data, or it is off, it waits for a request")
  func off() throws {
    let connection = try Connection()
    let server = connection.session.server
    var scrub = Scrub(isOn: true)
    scrub.step(server)
    #expect(scrub.patience == -1)
    waitForBeginning(&scrub)
    scrub = Scrub(isOn: false)
    scrub.noteRequest()
    scrub.noteTick()
    #expect(scrub.patience == -1 && !scrub.isTicking)
  }

  @Test("all that is damaged is found in one pass, in files that nobody reads, and counts once")
  func damage() throws {
    let (connection, file) = try connection(pages: 600)
    let server = connection.session.server
    let pool = server.fileSystem.store
    for number in [0, 5, 6, 300, 599] { try strike(pool, number) }
    var scrub = Scrub(isOn: true)
    var told = 0
    while server.fileSystem.scrubs == 0 {
      scrub.step(server)
      // The kernel's log takes no more than ten lines in five seconds.
      if scrub.patience == Scrub.gapAfterDamage { told += 1 }
    }
    #expect(pool.damagedFrames == 5 && told == 5 && Scrub.gapAfterDamage > 500)
    scrub.nextPass = 0
    while server.fileSystem.scrubs == 1 { scrub.step(server) }
    #expect(pool.damagedFrames == 5)
    #expect(throws: Errno.io) { try connection.read(file, at: UInt64(5 * frameSize), count: 10) }
    #expect(try connection.read(file, at: UInt64(7 * frameSize), count: 10) == [UInt8](repeating: 1, count: 10))
  }
}
