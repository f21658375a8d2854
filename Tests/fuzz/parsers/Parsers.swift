// Memory safety: libFuzzer's bytes are copied before use.
import Driver
import Foundation
import KernelFixtures
import Platform

@testable import CrashedKernel
@testable import Vmcore

/// The parser that an input's first byte chooses. No input may make it crash, hang or take much memory.
enum Parser: UInt8, CaseIterable {
  case coreFile
  case information
  case structPages

  func parse(_ bytes: [UInt8]) {
    switch self {
    case .coreFile: Self.parse(coreFile: bytes)
    case .information:
      let info = VMCoreInfo(bytes)
      _ = info.release
      _ = try? PageLayout(info)
    case .structPages: Self.parse(structPages: bytes)
    }
  }

  // MARK: Core files

  private static let path = "/dev/shm/oldmemfs-fuzz-\(getpid())"

  private static func parse(coreFile bytes: [UInt8]) {
    try! Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    var text = Text()
    text.append(bytes: Array(path.utf8))
    guard let core = try? Vmcore(path: text) else { return }
    for segment in core.segments {
      precondition(core.fileOffset(of: segment.frames.lowerBound, count: Int(segment.count))! + segment.count * 4096 <= UInt64(bytes.count))
    }
    guard let kernel = try? CrashedKernel(core: core) else { return }
    let map = FrameMap()
    for section in kernel.sectionRanges.joined().prefix(4) {
      guard (try? kernel.classify(section: section, into: map)) != nil else { continue }
      for place in 0..<FrameMap.frameCount where map[place].frameClass != .absent {
        precondition(core.fileOffset(of: PFN(UInt64(section) << 15 + UInt64(place)), count: 1) != nil)
      }
    }
  }

  // MARK: Struct pages

  private static let layouts = KernelSeries.allCases.map { series in
    try! PageLayout(VMCoreInfo(Array(FakeKernel(series, sections: 1).informationText.utf8)))
  }

  /// The first byte chooses the kernel; the others are struct pages, followed by zeros.
  private static func parse(structPages bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let layout = layouts[Int(first) % layouts.count]
    let pages = StructPages(layout, count: StructPages.pieceCount)
    pages.load(copying: bytes.dropFirst())
    let map = FrameMap()
    map.fill(0..<FrameMap.frameCount, FrameState(.absent, .none))
    var scan = SectionScan(
      PageClassifier(layout: layout, buffers: nil), map, firstFrame: 1 << 15, base: 0xffff_ea00_0000_0000, memory: [0..<FrameMap.frameCount]
    )
    for piece in 0..<2 {
      scan.classify(pages, piece * StructPages.pieceCount..<(piece + 1) * StructPages.pieceCount)
    }
    for place in 0..<StructPages.pieceCount where map[place].hold == .none && map[place].frameClass == .free {
      // A free page is the first of a free block, or inside one.
      let page = pages.page(place)
      precondition(page.refcount == 0 && (page.mapcount == layout.buddy || page.mapcount == UInt32.max))
    }
  }
}

/// The main function, by the name that SwiftPM gives it: with -sanitize=fuzzer the compiler makes none.
/// `fuzzparsers --seeds DIR` writes a seed corpus there; all other arguments are libFuzzer's.
@_cdecl("fuzzparsers_main")
public func run(_ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
  if count == 3, let option = words[1], String(cString: option) == "--seeds", let directory = words[2] {
    do {
      try Seeds.write(to: String(cString: directory))
      return 0
    } catch {
      print("fuzzparsers: \(error)")
      return 1
    }
  }
  return fuzz(count, words, testOneInput)
}

/// libFuzzer calls it by this name.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: bytes, count: count))
  guard let first = input.first, let parser = Parser(rawValue: first % UInt8(Parser.allCases.count)) else { return 0 }
  parser.parse(Array(input.dropFirst()))
  return 0
}
