import Foundation
import Platform
import TestSupport
import Testing

@testable import Boot

@Suite("The packed archive")
struct ArchiveTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// A stream over a file with these bytes, of which `length` are the payload.
  private func stream(_ bytes: [UInt8], length: Int? = nil, frees: Bool = false) throws -> ArchiveStream {
    let path = try directory.write("payload", bytes)
    let file = try FileDescriptor.open(Text(path), flags: FileDescriptor.readWrite)
    return try ArchiveStream(file, length: UInt64(length ?? bytes.count), frees: frees)
  }

  private func contents(_ stream: inout ArchiveStream) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let piece = try stream.next(10_000)
      if piece.isEmpty { return bytes }
      bytes += piece
    }
  }

  @Test("a stream is what was packed, over many chunks of both sides", arguments: [0, 1, 65_535, 65_536, 65_537, 700_001])
  func roundTrip(count: Int) throws {
    let bytes = noise(count)
    var stream = try stream(FakeArchive.pack(bytes))
    #expect(try contents(&stream) == bytes)
    #expect(try stream.next(1).isEmpty)
  }

  @Test("what stands behind the payload's bytes is not read")
  func seal() throws {
    let bytes = noise(100_000)
    let packed = FakeArchive.pack(bytes)
    var stream = try stream(packed + noise(9_000, seed: 2), length: packed.count)
    #expect(try contents(&stream) == bytes)
  }

  @Test("pieces, whole counts and what is skipped follow each other")
  func pieces() throws {
    let bytes = noise(200_000)
    var stream = try stream(FakeArchive.pack(bytes))
    #expect(try stream.all(70_000) == Array(bytes[..<70_000]))
    try stream.skip(60_001)
    #expect(try Array(stream.next(3)) == Array(bytes[130_001..<130_004]))
    #expect(throws: FileTreeError.self) { try stream.all(70_000) }
  }

  @Test("reading once frees what was read")
  func frees() throws {
    let bytes = noise(500_000)
    var stream = try stream(FakeArchive.pack(bytes), frees: true)
    #expect(try contents(&stream) == bytes)
    let status = try #require(directory.status("payload"))
    #expect(status.st_size > 400_000)
    #expect(status.st_blocks <= 8)
  }

  @Test("a payload that is cut short is damaged", arguments: [0, 1, 11, 12, 1_000, 99_999])
  func cut(length: Int) throws {
    var stream = try stream(Array(FakeArchive.pack(noise(100_000))[..<length]))
    #expect { try contents(&stream) } throws: { Self.isDamaged($0) }
  }

  @Test("a wrong byte is found, wherever it is")
  func wrongByte() throws {
    let packed = FakeArchive.pack(noise(20_000))
    for place in stride(from: 0, to: packed.count, by: 97) {
      var wrong = packed
      wrong[place] ^= 0x40
      var stream = try stream(wrong)
      #expect("byte \(place)") { try contents(&stream) } throws: { Self.isDamaged($0) }
    }
  }

  static func isDamaged(_ error: any Error) -> Bool {
    if case .damaged? = error as? FileTreeError { true } else { false }
  }

  // MARK: - Entries

  private func entries(_ archive: FakeArchive) throws -> [ArchiveEntry] {
    var stream = try stream(archive.packed)
    var entries: [ArchiveEntry] = []
    while let entry = try ArchiveEntry(from: &stream) {
      entries.append(entry)
      try stream.skip(entry.size + entry.padding)
    }
    return entries
  }

  @Test("an entry has what its header says")
  func header() throws {
    var archive = FakeArchive()
    archive.add(
      "usr/bin/x", mode: 0o104755, data: Array("hello".utf8), inode: 0xabc, links: 3, uid: 7, gid: 8, seconds: 0x7fff_ffff,
      device: (259, 300))
    archive.end()
    let entry = try #require(try entries(archive).first)
    #expect(entry.path.string == "usr/bin/x")
    #expect((entry.inode, entry.mode, entry.links, entry.seconds) == (0xabc, 0o104755, 3, 0x7fff_ffff))
    #expect((entry.uid, entry.gid, entry.major, entry.minor) == (7, 8, 259, 300))
    #expect((entry.size, entry.padding, entry.type) == (5, 3, .regular))
    #expect(entry.top.string == "usr")
  }

  @Test(
    "names lose what stands before their first component",
    arguments: [
      ("./usr/lib", "usr/lib"), ("/usr/lib", "usr/lib"), (".", ""), ("./", ""), ("/", ""), (".hidden/x", ".hidden/x"), ("..x", "..x"),
      ("a/./b", "a/./b"),
    ])
  func names(name: String, path: String) throws {
    var archive = FakeArchive()
    archive.addDirectory(name)
    archive.end()
    #expect(try entries(archive).map(\.path.string) == [path])
  }

  @Test("entries of all lengths follow each other up to the trailer")
  func many() throws {
    var archive = FakeArchive()
    for length in 0..<40 { archive.add(String(repeating: "n", count: length + 1), data: noise(length)) }
    archive.end()
    archive.add("behind")
    #expect(try entries(archive).map(\.size) == Array(0..<40))
  }

  @Test(
    "what is no header is damage",
    arguments: [
      "070702", "07070", "", "070701zz", "\u{7f}ELF",
    ])
  func noHeader(start: String) throws {
    var archive = FakeArchive()
    archive.add("x")
    archive.end()
    var bytes = archive.bytes
    bytes.replaceSubrange(0..<min(8, bytes.count), with: Array(start.utf8))
    var stream = try stream(FakeArchive.pack(bytes))
    #expect { _ = try ArchiveEntry(from: &stream)?.size } throws: { Self.isDamaged($0) }
  }

  @Test("a name's length that is none is damage", arguments: ["00000000", "00000001", "00001001", "ffffffff"])
  func nameLength(field: String) throws {
    var archive = FakeArchive()
    archive.add("x")
    archive.end()
    var bytes = archive.bytes
    bytes.replaceSubrange(94..<102, with: Array(field.utf8))
    var stream = try stream(FakeArchive.pack(bytes))
    #expect { _ = try ArchiveEntry(from: &stream)?.size } throws: { Self.isDamaged($0) }
  }

  @Test("an archive without its trailer is damaged")
  func noTrailer() throws {
    var archive = FakeArchive()
    archive.add("x", data: noise(100))
    #expect { try entries(archive) } throws: { Self.isDamaged($0) }
  }
}
