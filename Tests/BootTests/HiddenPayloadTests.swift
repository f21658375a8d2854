import Foundation
import Platform
import TestSupport
import Testing

@testable import Boot

/// A payload that the kernel does not unpack, in the image that it keeps.
@Suite("A hidden payload")
struct HiddenPayloadTests {
  private let directory: TemporaryDirectory
  private let contents = noise(40 * 4096 + 1000)
  private let sealed: [UInt8]
  private var image: Text { Text("\(directory.path)/image") }
  private var copy: Text { Text("\(directory.path)/copy") }

  init() throws {
    directory = try TemporaryDirectory()
    let path = try directory.write("payload", FakeArchive.pack(contents))
    #expect(SealCommand.run([Text(path)]) == 0)
    sealed = try directory.read("payload")
  }

  /// The entry as pack writes it, with the fields that the kernel looks at.
  private func entry(_ name: String, mode: Int, size: Int) -> [UInt8] {
    let fields = [0, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name.utf8.count + 1, 0]
    var bytes = Array(("070701" + fields.map { String(format: "%08X", $0) }.joined() + name).utf8) + [0]
    while bytes.count % 4 != 0 { bytes.append(0) }
    return bytes
  }

  /// Writes an image with a first archive of so many bytes, and another behind the payload's.
  private func writeImage(before: Int = 5000, payload: [UInt8]? = nil, size: Int? = nil) throws {
    let payload = payload ?? sealed
    var bytes = noise(before, seed: 7)
    bytes += entry("oldmemfs.payload", mode: 0o40755, size: size ?? payload.count) + payload
    while bytes.count % 4 != 0 { bytes.append(0) }
    bytes += entry("TRAILER!!!", mode: 0, size: 0) + entry("init", mode: 0o100644, size: 0)
    try directory.write("image", bytes)
  }

  private func unpacked(frees: Bool = true) throws -> [UInt8] {
    let kept = try KeptImage(path: image, place: 0..<UInt64(directory.read("image").count))
    let payload = try Payload.hidden(in: kept, copy: copy)
    var stream = try payload.stream(frees: frees)
    return try stream.all(contents.count)
  }

  @Test(
    "it is found behind an archive of any length, and nothing is taken from the image",
    arguments: [0, 4, 128, 65404, 65408, 65412, 65532, 65536, 65540, 200_000])
  func found(before: Int) throws {
    try writeImage(before: before)
    let whole = try directory.read("image")
    #expect(try unpacked() == contents)
    #expect(try directory.read("image") == whole)
    #expect(!Files.exists(copy))
  }

  @Test("damage is repaired in a copy, and the image is left alone")
  func damaged() throws {
    var bytes = sealed
    for page in 3..<19 { bytes[page * 4096 + 17] ^= 1 }
    try writeImage(payload: bytes)
    let whole = try directory.read("image")
    #expect(try unpacked(frees: false) == contents)
    #expect(try directory.read("image") == whole)
    #expect(try directory.read("copy") == sealed)
  }

  @Test("an image without one, or with one that is cut off, is an error that names it")
  func missing() throws {
    try directory.write("image", noise(100_000))
    #expect { try unpacked() } throws: { _ in true }
    try writeImage(size: sealed.count + 1_000_000)
    let error = #expect(throws: PayloadError.self) { try self.unpacked() }
    #expect(error?.text.string.contains(image.string) == true)
  }
}
