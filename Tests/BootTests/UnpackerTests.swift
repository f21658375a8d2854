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

  /// Unpacks into "old" and "root" of the directory, or only into "root", and links the files. Returns the directories that went to "old".
  @discardableResult
  private func unpack(_ bytes: [UInt8], intoOld: Bool = true, keeping kept: [String] = []) throws -> [String] {
    let path = try directory.write("payload", bytes)
    let file = try FileDescriptor.open(Text(path), flags: FileDescriptor.readOnly)
    var stream = try ArchiveStream(file, length: UInt64(bytes.count), frees: false)
    let target = intoOld ? Text("\(directory.path)/old") : nil
    var unpacker = Unpacker(into: target, keeping: kept.map { Text($0) }, root: Text("\(directory.path)/root"))
    try unpacker.unpack(&stream)
    try unpacker.linkFiles()
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
    archive.add("./note", mode: 0o100640, data: noise(4_096, seed: 7))
    archive.addDirectory("./proc")
    archive.addDirectory("./run")
    archive.add("./run/x", data: [1, 2, 3])
    archive.add("./shutdown", mode: 0o104711, data: noise(4_097, seed: 8), seconds: 981_173_106)
    archive.addDirectory("./sys")
    archive.addDirectory("./tmp", mode: 0o1777)
    archive.addDirectory("./usr")
    archive.addDirectory("./usr/bin")
    archive.add("./usr/bin/tool", mode: 0o104755, data: noise(200_000), inode: 9, links: 2)
    archive.add("./usr/bin/tool2", mode: 0o104755, inode: 9, links: 2)
    archive.end()
    return archive
  }

  /// What a symlink says; nil of anything else.
  private func goal(_ name: String) -> String? { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory.path)/\(name)") }

  @Test("whole top-level directories and large files go to old memory; mount points, links and small files at the top stay")
  func places() throws {
    #expect(try unpack(sample.packed) == ["etc", "tmp", "usr"])
    #expect(try directory.names("old") == ["etc", "shutdown", "tmp", "usr"])
    #expect(try directory.names("root") == ["bin", "dev", "init", "note", "proc", "run", "shutdown", "sys"])
    #expect(try directory.read("old/usr/bin/tool") == noise(200_000))
    #expect(try directory.read("root/run/x") == [1, 2, 3])
    #expect(try directory.read("root/note") == noise(4_096, seed: 7))
  }

  @Test("a file of more than a page at the top is a link into old memory, with its contents and attributes there")
  func topLevelFile() throws {
    try unpack(sample.packed)
    #expect(goal("root/shutdown") == "\(directory.path)/old/shutdown")
    #expect(try directory.read("root/shutdown") == noise(4_097, seed: 8))
    let file = try #require(directory.status("old/shutdown"))
    #expect((file.st_mode, file.st_mtim.tv_sec) == (0o104711, 981_173_106))
  }

  @Test(
    "what process 1 is, and what is needed without the daemon, stays in memory, however large",
    arguments: ["init", "oldmemfs", "oldmemfs.conf", "oldmemfs.record", "oldmem"])
  func needed(name: String) throws {
    var archive = FakeArchive()
    archive.add(name, mode: 0o100755, data: noise(9_000))
    archive.end()
    try unpack(archive.packed)
    #expect(try directory.names("old").isEmpty)
    #expect(goal("root/\(name)") == nil)
    #expect(try directory.read("root/\(name)") == noise(9_000))
  }

  @Test("a directory or a file that is to be kept stays in memory with what is in it")
  func kept() throws {
    #expect(try unpack(sample.packed, keeping: ["etc", "other", "shutdown"]) == ["tmp", "usr"])
    #expect(try directory.read("root/etc/conf") == noise(5_000))
    #expect(goal("root/shutdown") == nil)
    #expect(try directory.read("root/shutdown") == noise(4_097, seed: 8))
  }

  @Test("in a second try in memory, files take the places of links into old memory")
  func givenUp() throws {
    try unpack(sample.packed)
    try FileManager.default.removeItem(atPath: "\(directory.path)/old/shutdown")
    try unpack(sample.packed, intoOld: false)
    #expect(goal("root/shutdown") == nil)
    #expect(try directory.read("root/shutdown") == noise(4_097, seed: 8))
    #expect(try !directory.names("old").contains("shutdown"))
  }

  @Test("without old memory everything is in memory")
  func inMemory() throws {
    #expect(try unpack(sample.packed, intoOld: false).isEmpty)
    #expect(try directory.names("old").isEmpty)
    #expect(try directory.read("root/usr/bin/tool2") == noise(200_000))
    #expect(try directory.read("root/etc/conf") == noise(5_000))
    #expect(try directory.read("root/shutdown") == noise(4_097, seed: 8))
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

  @Test(
    "a file with names at the top and in a directory is one file in old memory, whichever of them has its data",
    arguments: [(0, 70_000), (1, 70_000), (2, 70_000), (0, 9), (2, 9)])
  func namesAtTheTop(holder: Int, size: Int) throws {
    var archive = FakeArchive()
    archive.addDirectory("usr")
    for (index, name) in ["top", "usr/one", "usr/two"].enumerated() {
      archive.add(name, data: index == holder ? noise(size) : [], inode: 5, links: 3)
    }
    archive.end()
    try unpack(archive.packed)
    #expect(goal("root/top") == "\(directory.path)/old/top")
    let inodes = try ["top", "usr/one", "usr/two"].map { try #require(directory.status("old/\($0)")).st_ino }
    #expect(Set(inodes).count == 1)
    #expect(try directory.read("old/usr/two") == noise(size))
  }

  /// No file system has a link to another's file.
  @Test(
    "a file with names in memory and in old memory is one file in each, with the same contents and attributes, whichever has its data",
    arguments: 0..<6)
  func namesInBoth(holder: Int) throws {
    let names = ["etc/one", "usr/one", "init", "usr/two", "etc/two", "usr/three"]
    var archive = FakeArchive()
    for name in ["etc", "usr"] { archive.addDirectory(name) }
    for (index, name) in names.enumerated() {
      archive.add(name, mode: 0o104711, data: index == holder ? noise(70_000) : [], inode: 5, links: 6, seconds: 981_173_106)
    }
    archive.end()
    try unpack(archive.packed, keeping: ["etc"])
    for (place, names) in [("root", names.filter { !$0.hasPrefix("usr") }), ("old", names.filter { $0.hasPrefix("usr") })] {
      let files = try names.map { try #require(directory.status("\(place)/\($0)")) }
      #expect(Set(files.map(\.st_ino)).count == 1)
      for file in files { #expect((file.st_nlink, file.st_mode, file.st_mtim.tv_sec) == (3, 0o104711, 981_173_106)) }
      for name in names { #expect(try directory.read("\(place)/\(name)") == noise(70_000)) }
    }
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
