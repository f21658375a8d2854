import Foundation
import Platform
import TestSupport
import Testing

@testable import Boot

@Suite("Unpacking the payload")
struct UnpackerTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    for name in ["old", "root"] {
      try FileManager.default.createDirectory(atPath: "\(directory.path)/\(name)", withIntermediateDirectories: true)
    }
  }

  /// Unpacks into "old" and "root" of the directory, or only into "root". Returns the directories that went to "old".
  @discardableResult
  private func unpack(_ bytes: [UInt8], intoOld: Bool = true, keeping kept: [String] = []) throws -> [String] {
    let path = try directory.write("payload", bytes)
    let file = try FileDescriptor.open(Text(path), flags: FileDescriptor.readOnly)
    var stream = try ArchiveStream(file, length: UInt64(bytes.count), frees: false)
    let target = intoOld ? Text("\(directory.path)/old") : nil
    var unpacker = Unpacker(into: target, keeping: kept.map { Text($0) }, root: Text("\(directory.path)/root"))
    try unpacker.unpack(&stream)
    return unpacker.moved.map(\.string)
  }

  /// A small initramfs.
  private var sample: FakeArchive {
    var archive = FakeArchive()
    archive.addDirectory(".")
    archive.add("./bin", mode: 0o120777, data: Array("usr/bin".utf8))
    archive.addDirectory("./dev")
    archive.add("./dev/null", mode: 0o020666, device: (1, 3))
    archive.addDirectory("./etc", mode: 0o750)
    archive.add("./etc/conf", mode: 0o100640, data: noise(5_000), seconds: 981_173_106)
    archive.add("./init", mode: 0o120777, data: Array("usr/lib/init".utf8))
    archive.addDirectory("./proc")
    archive.addDirectory("./run")
    archive.add("./run/x", data: [1, 2, 3])
    archive.addDirectory("./sys")
    archive.addDirectory("./tmp", mode: 0o1777)
    archive.addDirectory("./usr")
    archive.addDirectory("./usr/bin")
    archive.add("./usr/bin/tool", mode: 0o104755, data: noise(200_000), inode: 9, links: 2)
    archive.add("./usr/bin/tool2", mode: 0o104755, inode: 9, links: 2)
    archive.end()
    return archive
  }

  @Test("whole top-level directories go to old memory; mount points, links and files at the top stay")
  func places() throws {
    #expect(try unpack(sample.packed) == ["etc", "tmp", "usr"])
    #expect(try directory.names("old") == ["etc", "tmp", "usr"])
    #expect(try directory.names("root") == ["bin", "dev", "init", "proc", "run", "sys"])
    #expect(try directory.read("old/usr/bin/tool") == noise(200_000))
    #expect(try directory.read("root/run/x") == [1, 2, 3])
  }

  @Test("a directory that is to be kept stays in memory with what is in it")
  func kept() throws {
    #expect(try unpack(sample.packed, keeping: ["etc", "other"]) == ["tmp", "usr"])
    #expect(try directory.read("root/etc/conf") == noise(5_000))
  }

  @Test("without old memory everything is in memory")
  func inMemory() throws {
    #expect(try unpack(sample.packed, intoOld: false).isEmpty)
    #expect(try directory.names("old").isEmpty)
    #expect(try directory.read("root/usr/bin/tool2") == noise(200_000))
    #expect(try directory.read("root/etc/conf") == noise(5_000))
  }

  @Test("what is under /dev, /proc and /sys is left out, as they are mounted over")
  func belowMounts() throws {
    try unpack(sample.packed)
    #expect(try directory.names("root/dev").isEmpty)
  }

  @Test("modes, times and links are the archive's")
  func attributes() throws {
    try unpack(sample.packed)
    let conf = try #require(directory.status("old/etc/conf"))
    #expect(conf.st_mode & 0o7777 == 0o640)
    #expect(conf.st_mtim.tv_sec == 981_173_106)
    #expect(try #require(directory.status("old/etc")).st_mode & 0o7777 == 0o750)
    #expect(try #require(directory.status("old/tmp")).st_mode & 0o7777 == 0o1777)
    #expect(try #require(directory.status("old/usr/bin/tool")).st_mode & 0o7777 == 0o4755)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(directory.path)/root/init") == "usr/lib/init")
  }

  @Test("a file of several names is one file, whichever of them has its data", arguments: [0, 1, 2])
  func names(holder: Int) throws {
    var archive = FakeArchive()
    archive.addDirectory("usr")
    for index in 0..<3 { archive.add("usr/\(index)", data: index == holder ? noise(70_000) : [], inode: 5, links: 3) }
    // The same number on another device is another file.
    archive.add("usr/other", data: [9], inode: 6, links: 2)
    archive.end()
    try unpack(archive.packed)
    let inodes = try (0..<3).map { try #require(directory.status("old/usr/\($0)")).st_ino }
    #expect(Set(inodes).count == 1)
    for index in 0..<3 { #expect(try directory.read("old/usr/\(index)") == noise(70_000)) }
    #expect(try directory.read("old/usr/other") == [9])
  }

  @Test("device nodes, fifos and owners are made", .enabled(if: getuid() == 0))
  func nodes() throws {
    var archive = FakeArchive()
    archive.addDirectory("lib")
    archive.add("lib/node", mode: 0o060640, device: (259, 300))
    archive.add("lib/pipe", mode: 0o010600)
    archive.add("lib/socket", mode: 0o140600)
    archive.add("lib/owned", mode: 0o106711, data: [1], uid: 7, gid: 8)
    archive.end()
    try unpack(archive.packed)
    let node = try #require(directory.status("old/lib/node"))
    #expect(node.st_mode == 0o060640)
    // As st_rdev has it (glibc's makedev): major 259, minor 300.
    #expect(node.st_rdev == (259 << 8) | (300 & 0xff) | (300 & ~0xff) << 12)
    #expect(try #require(directory.status("old/lib/pipe")).st_mode == 0o010600)
    #expect(try #require(directory.status("old/lib/socket")).st_mode == 0o140600)
    let owned = try #require(directory.status("old/lib/owned"))
    #expect((owned.st_uid, owned.st_gid, owned.st_mode) == (7, 8, 0o106711))
  }

  @Test("a second try goes over what the first left")
  func again() throws {
    try unpack(sample.packed, intoOld: false)
    try directory.write("root/usr/bin/tool", noise(300_000, seed: 3))
    try unpack(sample.packed, intoOld: false)
    #expect(try directory.read("root/usr/bin/tool") == noise(200_000))
  }

  @Test("a payload that ends within a file is an error, not a short file")
  func cut() throws {
    var archive = FakeArchive()
    archive.addDirectory("usr")
    archive.add("usr/x", data: noise(1000), declaredSize: 2000)
    #expect { try unpack(archive.packed) } throws: { ArchiveTests.isDamaged($0) }
  }

  @Test("a kind of file that there is none of is damage")
  func kind() throws {
    var archive = FakeArchive()
    archive.add("x", mode: 0o170644)
    archive.end()
    #expect { try unpack(archive.packed) } throws: { ArchiveTests.isDamaged($0) }
  }

  @Test("what can't be made is named with the reason")
  func failure() throws {
    var archive = FakeArchive()
    archive.add("none/file", data: [1])
    archive.end()
    #expect { try unpack(archive.packed) } throws: { error in
      guard case .failed(let path, let reason)? = error as? FileTreeError else { return false }
      return path.string == "\(directory.path)/root/none/file" && reason == .noEntry
    }
  }
}
