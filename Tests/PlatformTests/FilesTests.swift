import Foundation
import TestSupport
import Testing

@testable import Platform

extension TemporaryDirectory {
  fileprivate func callAsFunction(_ name: String) -> Text { Text("\(path)/\(name)") }

  fileprivate func make(_ name: String, _ bytes: [UInt8] = []) throws -> Text { Text(try write(name, bytes)) }
}

@Suite("Files by their paths")
struct FilesTests {
  private let scratch: TemporaryDirectory

  init() throws { scratch = try TemporaryDirectory() }

  @Test("a directory is made once, and only where its parent is")
  func directories() throws {
    try Files.makeDirectory(scratch("a"), mode: 0o700)
    try Files.makeDirectory(scratch("a"), mode: 0o755)
    #expect(try FileStatus(of: scratch("a")).attributes.mode == 0o040700)
    #expect(throws: Errno.noEntry) { try Files.makeDirectory(scratch("b/c"), mode: 0o700) }
    #expect(throws: Errno.notDirectory) { try Files.makeDirectory(scratch.make("file").appending("/x"), mode: 0o700) }
    try Files.removeDirectory(scratch("a"))
    #expect(!Files.exists(scratch("a")))
  }

  @Test("names are all but . and ..; none of what is no directory")
  func names() throws {
    for name in [".hidden", "...", "a", "b c"] { _ = try scratch.make(name) }
    #expect(Files.names(in: scratch("")).map(\.string).sorted() == ["...", ".hidden", "a", "b c"])
    #expect(Files.names(in: scratch("a")).isEmpty)
  }

  @Test("a symlink says what it was made with, and is looked at itself")
  func symlinks() throws {
    let goal = String(repeating: "long/", count: 800)
    try Files.makeSymlink(scratch("link"), to: Text(bytes: Array(goal.utf8)))
    #expect(try Files.goal(ofSymlink: scratch("link")).string == goal)
    #expect(try FileStatus(of: scratch("link")).type == .symlink)
    #expect(!Files.exists(scratch("link")))
    #expect(throws: Errno.invalid) { try Files.goal(ofSymlink: scratch.make("file")) }
    #expect(throws: Errno.exists) { try Files.makeSymlink(scratch("link"), to: Text("x")) }
  }

  @Test("names of one file are the same file")
  func links() throws {
    let first = try scratch.make("first")
    #expect(throws: Errno.noEntry) { try Files.makeLink(scratch("x"), to: scratch("none")) }
    try Files.makeLink(scratch("second"), to: first)
    let (one, other) = try (FileStatus(of: first), FileStatus(of: scratch("second")))
    #expect(one.links == 2)
    #expect(one.isSameFile(as: other))
    #expect(try !one.isSameFile(as: FileStatus(of: scratch.make("third"))))
    try Files.remove(first)
    #expect(throws: Errno.noEntry) { try Files.remove(first) }
    #expect(try FileStatus(of: scratch("second")).links == 1)
  }

  @Test("a file takes another name, and the place of what was there")
  func renaming() throws {
    try Files.makeSymlink(scratch("link"), to: Text("x"))
    try Files.rename(scratch("link"), to: scratch.make("file"))
    #expect(try Files.goal(ofSymlink: scratch("file")).string == "x")
    #expect(throws: Errno.noEntry) { try Files.rename(scratch("link"), to: scratch("file")) }
  }

  @Test("attributes are what was set, with setuid, and a symlink's own", .enabled(if: getuid() == 0))
  func attributes() throws {
    let time = Time(seconds: 981_173_106, nanoseconds: 987_654_321)
    let attributes = FileAttributes(
      mode: 0o104711, owner: 7, group: 8, accessed: Time(seconds: 5, nanoseconds: 0), modified: time)
    let file = try scratch.make("file", [1, 2, 3])
    try Files.setAttributes(attributes, of: file)
    let status = try FileStatus(of: file)
    #expect((status.attributes.mode, status.attributes.owner, status.attributes.group) == (0o104711, 7, 8))
    #expect(status.attributes.accessed == Time(seconds: 5, nanoseconds: 0))
    #expect(status.modified == time)
    #expect(status.size == 3)
    try Files.makeSymlink(scratch("link"), to: Text("file"))
    var ofLink = attributes
    (ofLink.mode, ofLink.owner, ofLink.modified) = (0o120777, 9, Time(seconds: 6, nanoseconds: 0))
    try Files.setAttributes(ofLink, of: scratch("link"))
    #expect(try FileStatus(of: scratch("link")).attributes.owner == 9)
    #expect(try FileStatus(of: scratch("link")).modified == Time(seconds: 6, nanoseconds: 0))
    let still = try FileStatus(of: FileDescriptor.open(file, flags: FileDescriptor.readOnly))
    #expect((still.attributes.owner, still.attributes.mode, still.modified) == (7, 0o104711, time))
  }

  @Test("nodes are of their kind", .enabled(if: getuid() == 0))
  func nodes() throws {
    let device = DeviceNumber(major: 259, minor: 300)
    #expect(device.rawValue == 0x11032c)
    for (mode, type) in [
      (0o020600, FileType.characterDevice), (0o060600, .blockDevice), (0o010600, .fifo), (0o140600, .socket),
    ] as [(UInt32, FileType)] {
      try Files.makeNode(scratch("node"), mode: mode, device: device)
      let status = try FileStatus(of: scratch("node"))
      #expect(status.type == type)
      if type == .blockDevice { #expect(status.device == device) }
      try Files.remove(scratch("node"))
    }
    #expect(FileType(mode: 0o170000) == nil)
  }

  @Test("a file below an open directory is read, and looked at")
  func below() throws {
    let file = try scratch.make("file", [1, 2, 3])
    try Files.makeSymlink(scratch("link"), to: Text("file"))
    let directory = try FileDescriptor.open(scratch(""), flags: FileDescriptor.readOnly)
    #expect(try FileDescriptor.open(Text("file"), below: directory).contents() == [1, 2, 3])
    #expect(throws: Errno.noEntry) { try FileDescriptor.open(Text("none"), below: directory).size() }
    #expect(try FileStatus(of: Text("link"), below: directory).isSameFile(as: FileStatus(of: file)))
  }

  @Test("a hole frees blocks and keeps the size")
  func hole() throws {
    let file = try FileDescriptor.open(scratch.make("file", [UInt8](repeating: 1, count: 65536)), flags: FileDescriptor.readWrite)
    file.punchHole(at: 0, count: 61440)
    let bytes = try file.contents()
    #expect(bytes == [UInt8](repeating: 0, count: 61440) + [UInt8](repeating: 1, count: 4096))
  }
}

@Suite("Mounts", .serialized, .enabled(if: getuid() == 0))
struct MountsTests {
  private func lines(_ place: Text) throws -> [String] {
    return try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8).split(separator: "\n").map(String.init)
      .filter { $0.split(separator: " ")[1] == place.string }
  }

  @Test("what is mounted is there with its flags, is seen at another place, and goes")
  func mounting() throws {
    let scratch = try TemporaryDirectory()
    let (place, other) = (scratch("place"), scratch("other"))
    for place in [place, other] { try Files.makeDirectory(place, mode: 0o755) }
    defer { for place in [place, other] { try? Mounts.detach(place) } }
    try Mounts.mount(Text("tmpfs"), at: place, flags: MountFlags("nosuid nodev"))
    #expect(try lines(place).first?.hasPrefix("tmpfs ") == true)
    #expect(try lines(place).first?.contains(" rw,nosuid,nodev,") == true)
    try Mounts.remount(place, options: Text("size=8192"))
    #expect(try lines(place).first?.contains("size=8k") == true)
    #expect(try !Mounts.isFuse(place))
    try Files.makeDirectory(place.appending("/inner"), mode: 0o755)
    try Mounts.bind(place.appending("/inner"), at: other)
    #expect(try FileStatus(of: other).isSameFile(as: FileStatus(of: place.appending("/inner"))))
    try Mounts.makePrivate(other)
    try Mounts.detach(other)
    try Mounts.detach(place)
    #expect(throws: Errno.invalid) { try Mounts.detach(place) }
    #expect(try lines(place).isEmpty)
  }

  @Test("what can't be is the kernel's error")
  func failures() throws {
    let scratch = try TemporaryDirectory()
    #expect(throws: Errno.notSuitable) { try Mounts.mount(Text("nosuchfs"), at: scratch(""), flags: MountFlags()) }
    #expect(throws: Errno.noEntry) { try Mounts.bind(scratch("none"), at: scratch("")) }
    #expect(throws: Errno.noEntry) { try Mounts.isFuse(scratch("none")) }
    #expect(throws: Errno.invalid) { try Mounts.remount(scratch(""), options: Text("size=1")) }
  }
}
