// Memory safety: pages are arrays of this file's own. A pointer to one lives for one call, with the array's own count.
import Platform

/// The seal after the packed bytes (`Payload` has its layout).
struct Seal {
  /// The number of packed bytes.
  let length: UInt64
  /// Where the payload begins in its file.
  private let start: UInt64
  /// The checksums of the pages, then of the parity pages.
  private let checksums: [UInt32]

  private var pages: Int { Seal.pages(length) }

  static func pages(_ length: UInt64) -> Int {
    Int((length + UInt64(Payload.pageBytes) - 1) / UInt64(Payload.pageBytes))
  }

  /// Reads the seal of a payload, which is a part of a file; nil if there is none, or if its own checksum is wrong.
  init?(of file: borrowing FileDescriptor, _ place: Range<UInt64>) {
    let size = place.upperBound - place.lowerBound
    start = place.lowerBound
    guard size > UInt64(Payload.trailerBytes) else { return nil }
    let trailer = Seal.read(file, Payload.trailerBytes, at: place.upperBound - UInt64(Payload.trailerBytes))
    guard trailer.count == Payload.trailerBytes, Array(trailer[16...]).elementsEqual(Payload.magic) else { return nil }
    length = UInt64(Seal.word(trailer, 0)) | UInt64(Seal.word(trailer, 4)) << 32
    guard length <= size else { return nil }
    let count = Seal.pages(length) + Payload.groups
    let listStart = UInt64(count * Payload.pageBytes)
    guard listStart + UInt64(4 * count + Payload.trailerBytes) == size else { return nil }
    let list = Seal.read(file, 4 * count + 8, at: start + listStart)
    guard list.count == 4 * count + 8, list.withUnsafeBytes({ Checksum(of: $0).rawValue }) == Seal.word(trailer, 8) else { return nil }
    var checksums: [UInt32] = []
    checksums.reserveCapacity(count)
    for index in 0..<count { checksums.append(Seal.word(list, 4 * index)) }
    self.checksums = checksums
  }

  /// Whether all pages have their checksums.
  func isWhole(_ file: borrowing FileDescriptor) -> Bool { damagedPages(file).isEmpty }

  /// Checks all pages, repairs the damaged ones, and logs it. Returns false if damage is left.
  func makeWhole(_ file: borrowing FileDescriptor) -> Bool {
    let damaged = damagedPages(file)
    if damaged.isEmpty { return true }
    let isRepaired = repair(damaged, file)
    var message = Text("% pages of the payload are damaged", UInt64(damaged.count))
    message.append(isRepaired ? ", and repaired from its parity" : ", more than its parity can repair")
    Log.line(message)
    return isRepaired
  }

  /// The indexes of the pages with a wrong checksum, parity pages among them.
  private func damagedPages(_ file: borrowing FileDescriptor) -> [Int] {
    var damaged: [Int] = []
    for page in 0..<checksums.count where !isWhole(Seal.page(file, page, from: start), page) { damaged.append(page) }
    return damaged
  }

  /// Rebuilds damaged pages by their groups' parity. Returns false if a group has more than one, whose checksum then stays wrong.
  private func repair(_ damaged: [Int], _ file: borrowing FileDescriptor) -> Bool {
    for page in damaged where page < pages {
      let group = page % Payload.groups
      var rebuilt = Seal.page(file, pages + group, from: start)
      for other in stride(from: group, to: pages, by: Payload.groups) where other != page {
        Seal.combine(&rebuilt, Seal.page(file, other, from: start))
      }
      guard isWhole(rebuilt, page) else { return false }
      do throws(Errno) { try file.write(rebuilt, at: start + UInt64(page * Payload.pageBytes)) } catch { return false }
    }
    return true
  }

  private func isWhole(_ page: [UInt8], _ index: Int) -> Bool {
    page.withUnsafeBytes { Checksum(of: $0).rawValue } == checksums[index]
  }

  // MARK: - Pages

  /// Appends the seal to a file of packed bytes.
  static func append(to file: borrowing FileDescriptor) throws(Errno) {
    let length = try file.size()
    let pages = pages(length)
    var parity = [[UInt8]](repeating: [UInt8](repeating: 0, count: Payload.pageBytes), count: Payload.groups)
    var list: [UInt8] = []
    for index in 0..<pages {
      let page = page(file, index)
      combine(&parity[index % Payload.groups], page)
      append(page.withUnsafeBytes { Checksum(of: $0).rawValue }, to: &list)
    }
    for page in parity { append(page.withUnsafeBytes { Checksum(of: $0).rawValue }, to: &list) }
    append(UInt32(truncatingIfNeeded: length), to: &list)
    append(UInt32(truncatingIfNeeded: length >> 32), to: &list)
    var tail: [UInt8] = []
    for page in parity { tail.append(contentsOf: page) }
    tail.append(contentsOf: list)
    append(list.withUnsafeBytes { Checksum(of: $0).rawValue }, to: &tail)
    append(0, to: &tail)
    var magic = Text()
    magic.append(Payload.magic)
    tail.append(contentsOf: magic.bytes)
    try file.write(tail, at: UInt64(pages * Payload.pageBytes))
  }

  /// Returns a page, padded with zeros if the file ends within it.
  private static func page(_ file: borrowing FileDescriptor, _ index: Int, from start: UInt64 = 0) -> [UInt8] {
    var page = read(file, Payload.pageBytes, at: start + UInt64(index * Payload.pageBytes))
    while page.count < Payload.pageBytes { page.append(0) }
    return page
  }

  /// Returns bytes of the file: fewer if it ends, none if it can't be read.
  private static func read(_ file: borrowing FileDescriptor, _ count: Int, at offset: UInt64) -> [UInt8] {
    do throws(Errno) { return try file.bytes(count, at: offset) } catch { return [] }
  }

  private static func combine(_ page: inout [UInt8], _ other: [UInt8]) {
    for index in 0..<page.count { page[index] ^= other[index] }
  }

  private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    var word: UInt32 = 0
    for index in 0..<4 { word |= UInt32(bytes[offset + index]) << UInt32(8 * index) }
    return word
  }

  private static func append(_ word: UInt32, to bytes: inout [UInt8]) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
  }
}

/// `oldmemfs seal FILE`: appends the seal. The packer calls it.
public enum SealCommand {
  public static func run(_ words: [Text]) -> Int32 {
    guard words.count == 1 else { return 2 }
    do throws(Errno) {
      try Seal.append(to: try FileDescriptor.open(words[0], flags: FileDescriptor.readWrite))
      return 0
    } catch {
      Log.line(Text("%: %", words[0], error.text))
      return 1
    }
  }
}
