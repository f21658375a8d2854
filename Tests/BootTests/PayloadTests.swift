import Foundation
import Platform
import TestSupport
import Testing

@testable import Boot

@Suite("The payload's seal")
struct PayloadTests {
  private let directory: TemporaryDirectory
  private let contents: [UInt8]
  private let packed: [UInt8]
  private let path: String

  /// A sealed payload of 40 pages and a bit.
  init() throws {
    directory = try TemporaryDirectory()
    contents = noise(40 * 4096 + 1000)
    packed = FakeArchive.pack(contents)
    path = try directory.write("payload", packed)
    #expect(SealCommand.run([Text(path)]) == 0)
  }

  private var pages: Int { (packed.count + 4095) / 4096 }

  /// Damages pages of the sealed file.
  private func damage(_ damaged: some Sequence<Int>) throws {
    var bytes = try directory.read("payload")
    for page in damaged {
      for offset in (page * 4096)..<min(bytes.count, (page + 1) * 4096) { bytes[offset] ^= 0x5a }
    }
    try directory.write("payload", bytes)
  }

  /// The unpacked contents of the sealed file.
  private func unpacked() throws -> [UInt8] {
    let payload = try Payload(path: Text(path))
    var stream = try payload.stream(frees: false)
    var bytes: [UInt8] = []
    while true {
      let piece = try stream.next(1 << 16)
      if piece.isEmpty { return bytes }
      bytes += piece
    }
  }

  private func isBeyondRepair() -> Bool {
    do throws(PayloadError) { _ = try Payload(path: Text(path)) } catch { if case .damaged = error { return true } }
    return false
  }

  @Test("a whole payload unpacks, and its file is left alone")
  func whole() throws {
    let before = try directory.read("payload")
    #expect(before.count == (pages + 16) * 4096 + 4 * (pages + 16) + 24)
    #expect(try unpacked() == contents)
    #expect(try directory.read("payload") == before)
  }

  @Test("one wrong page, whichever it is, is made whole in the file")
  func onePage() throws {
    let before = try directory.read("payload")
    for page in 0..<pages {
      try damage([page])
      #expect(try unpacked() == contents, "page \(page)")
      #expect(try directory.read("payload") == before, "page \(page)")
    }
  }

  @Test("16 wrong pages in a row are made whole, wherever they begin")
  func row() throws {
    for first in 0...(pages - 16) {
      try damage(first..<(first + 16))
      #expect(try unpacked() == contents, "from page \(first)")
    }
  }

  @Test("two wrong pages of one group are beyond repair")
  func twoOfAGroup() throws {
    try damage([3, 19])
    #expect(isBeyondRepair())
  }

  @Test("17 wrong pages in a row are beyond repair")
  func longRow() throws {
    try damage(5..<22)
    #expect(isBeyondRepair())
  }

  @Test("a wrong page whose parity is wrong, too, is beyond repair")
  func parityToo() throws {
    try damage([7, pages + 7])
    #expect(isBeyondRepair())
  }

  @Test("wrong parity alone is no harm")
  func parityAlone() throws {
    try damage(pages..<(pages + 16))
    #expect(try unpacked() == contents)
  }

  @Test("without a seal that can be read, xz's own checks are left", arguments: [-1, -13, -17, -20, -23, -24, -25, -30])
  func brokenSeal(place: Int) throws {
    var bytes = try directory.read("payload")
    bytes[bytes.count + place] ^= 0x10
    try directory.write("payload", bytes)
    // The end of the payload is not known then; the xz stream has an end of its own.
    #expect(try unpacked() == contents)
    try damage([2])
    #expect { try unpacked() } throws: { ArchiveTests.isDamaged($0) }
  }

  @Test("a payload that was never sealed unpacks")
  func unsealed() throws {
    try directory.write("payload", packed)
    #expect(try unpacked() == contents)
  }

  @Test("payloads of every length near a page's end keep their bytes", arguments: [0, 1, 4095, 4096, 4097, 16 * 4096, 16 * 4096 + 1])
  func lengths(count: Int) throws {
    let bytes = noise(count)
    let path = try directory.write("other", bytes)
    #expect(SealCommand.run([Text(path)]) == 0)
    #expect(Array(try directory.read("other").prefix(count)) == bytes)
    let file = try FileDescriptor.open(Text(path), flags: FileDescriptor.readWrite)
    let seal = Seal(of: file, 0..<(try file.size()))
    #expect(seal?.length == UInt64(count))
    let isWhole = seal?.makeWhole(file)
    #expect(isWhole == true)
  }

  @Test("a file that is not there is an error that names it")
  func missing() {
    do throws(PayloadError) {
      _ = try Payload(path: Text("\(path).none"))
      Issue.record("it was opened")
    } catch {
      var message = Text()
      error.describe(to: &message)
      #expect(message.string.contains("\(path).none"))
    }
    #expect(SealCommand.run([Text("\(path).none")]) == 1)
    #expect(SealCommand.run([]) == 2)
  }
}
