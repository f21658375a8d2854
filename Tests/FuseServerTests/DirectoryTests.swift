import FuseProtocol
import Glibc
import Platform
import Testing

@testable import FuseServer

@Suite("Listing a directory")
struct DirectoryTests {
  private let names = (0..<20).map { "entry-\($0)" + String(repeating: "x", count: $0) }

  private func filled() throws -> Connection {
    let connection = try Connection()
    for name in names { try connection.forget(connection.makeNode(name)) }
    return connection
  }

  /// All entries, in answers of that many bytes.
  private func listAll(_ connection: Connection, room: Int, withAttributes: Bool) throws -> [Connection.Listed] {
    var all: [Connection.Listed] = []
    while true {
      let part = try connection.list(after: all.last?.position ?? 0, room: room, withAttributes: withAttributes)
      if part.isEmpty { return all }
      all += part
    }
  }

  @Test("in whatever pieces it is asked for, each name comes once", arguments: [80, 200, 1000, 65536])
  func pieces(room: Int) throws {
    let all = try listAll(try filled(), room: room, withAttributes: false)
    #expect(all.prefix(2).map(\.name) == [".", ".."])
    #expect(all.dropFirst(2).map(\.name).sorted() == names.sorted())
    #expect(Set(all.map(\.position)).count == all.count)
  }

  @Test("a name that does not fit comes with the next answer, and a room for none is an empty one")
  func room() throws {
    let connection = try filled()
    #expect(try connection.list(room: 24).isEmpty)
    // '.' takes 32 bytes.
    #expect(try connection.list(room: 63).map(\.name) == ["."])
    #expect(try connection.list(room: 64).map(\.name) == [".", ".."])
  }

  @Test("from any position it goes on behind it, even if the name there is gone")
  func positions() throws {
    let connection = try filled()
    let all = try connection.list(room: 65536)
    for (index, listed) in all.enumerated() {
      #expect(try connection.list(after: listed.position, room: 65536).map(\.name) == all[(index + 1)...].map(\.name))
    }
    try connection.unlink(all[7].name)
    #expect(try connection.list(after: all[7].position, room: 65536).map(\.name) == all[8...].map(\.name))
    #expect(try connection.list(after: UInt64(Int64.max)).isEmpty)
  }

  @Test("with attributes each name that was sent is a reference, and none that did not fit", arguments: [200, 500, 65536])
  func references(room: Int) throws {
    let connection = try filled()
    let part = try connection.list(room: room, withAttributes: true)
    #expect(part.prefix(2).allSatisfy { $0.name.hasPrefix(".") } && !part.isEmpty)
    let sent = part.filter { !$0.name.hasPrefix(".") }
    #expect(sent.allSatisfy { $0.entry == $0.inode })
    let all = try connection.list(room: 65536).dropFirst(2).map(\.inode)
    for name in names { try connection.unlink(name) }
    #expect(all.filter(connection.isKept) == sent.map(\.inode))
    for listed in sent { try connection.forget(listed.inode) }
    #expect(!all.contains(where: connection.isKept))
  }

  @Test("with attributes a list that reaches nobody leaves no reference")
  func unheard() throws {
    let connection = try filled()
    let all = try connection.list(room: 65536).dropFirst(2).map(\.inode)
    try #require(all.count == names.count && all.allSatisfy(connection.isKept))
    connection.refuseAnswers()
    _ = try connection.send(
      FUSE_READDIRPLUS, of: 1, bytes(fuse_read_in(fh: 0, offset: 0, size: 65536, read_flags: 0, lock_owner: 0, flags: 0, padding: 0)))
    for text in names { try connection.send(FUSE_UNLINK, of: 1, name(text)) }
    #expect(!all.contains(where: connection.isKept))
  }

  @Test("with attributes it is the same list")
  func same() throws {
    let connection = try filled()
    let plain = try listAll(connection, room: 500, withAttributes: false)
    #expect(try listAll(connection, room: 500, withAttributes: true).map(\.name) == plain.map(\.name))
  }

  @Test("a directory needs no opening, and the kernel caches what it holds, unless each read of it is to be known of")
  func opening() throws {
    let body = bytes(fuse_open_in(flags: 0, open_flags: 0))
    #expect(try Connection().send(FUSE_OPENDIR, of: 1, body)?.error == -ENOSYS)
    let strict: fuse_open_out = try Connection(accessTimes: .always).ask(FUSE_OPENDIR, of: 1, body)
    #expect(strict.open_flags & UInt32(FOPEN_CACHE_DIR | FOPEN_KEEP_CACHE) == 0)
    // A kernel that could not do without gets an open.
    let old = try Connection(opening: false)
    _ = try old.open(minor: 26, offering: UInt64(FUSE_DO_READDIRPLUS))
    let answer: fuse_open_out = try old.ask(FUSE_OPENDIR, of: 1, body)
    #expect(answer.open_flags & UInt32(FOPEN_CACHE_DIR) == 0)
  }
}
