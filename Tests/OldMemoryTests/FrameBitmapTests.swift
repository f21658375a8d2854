import Platform
import Testing

@testable import OldMemory

@Suite("The bitmap of a section")
final class FrameBitmapTests {
  private let memory: Mapping
  private let bitmap: FrameBitmap

  init() throws {
    memory = try Mapping(anonymous: FrameBitmap.byteCount)
    bitmap = FrameBitmap(over: memory.bytes)
  }

  @Test("a range that crosses words is set, counted and found")
  func insertAcrossWords() {
    #expect(bitmap.insert(60..<200) == 140)
    #expect(bitmap.firstSet(from: 0) == 60)
    #expect(bitmap.firstClear(from: 60) == 200)
    #expect(!bitmap[59] && bitmap[60] && bitmap[199] && !bitmap[200])
  }

  @Test("bits that were set before don't count again")
  func insertTwice() {
    bitmap.insert(0..<100)
    #expect(bitmap.insert(50..<150) == 50)
    #expect(bitmap.remove(0..<framesPerSection) == 150)
    #expect(bitmap.firstSet(from: 0) == framesPerSection)
  }

  @Test("a run is the first that is long enough, cut to what was asked for")
  func firstFittingRun() {
    bitmap.insert(10..<15)
    bitmap.insert(100..<300)
    bitmap.insert(1000..<5000)
    #expect(bitmap.run(upTo: 4) == 10..<14)
    #expect(bitmap.run(upTo: 100) == 100..<200)
    #expect(bitmap.run(upTo: 3000) == 1000..<4000)
  }

  @Test("without a run that is long enough it is the longest")
  func longestRun() {
    bitmap.insert(10..<15)
    bitmap.insert(100..<300)
    #expect(bitmap.run(upTo: 1000) == 100..<300)
  }

  @Test("an empty bitmap has no run, a full one is one run")
  func extremes() {
    #expect(bitmap.run(upTo: 1) == nil)
    bitmap.insert(0..<framesPerSection)
    #expect(bitmap.run(upTo: framesPerSection + 1) == 0..<framesPerSection)
    #expect(bitmap.runLength(from: framesPerSection - 3, limit: 10) == 3)
  }

  @Test("runs of random sets agree with a plain array of flags", arguments: 1...20)
  func random(seed: Int) {
    var state = UInt64(seed)
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    var flags = [Bool](repeating: false, count: framesPerSection)
    for _ in 0..<200 {
      let start = next(framesPerSection)
      let range = start..<min(framesPerSection, start + next(700) + 1)
      let value = next(2) == 0
      let changed = range.count { flags[$0] != value }
      #expect((value ? bitmap.insert(range) : bitmap.remove(range)) == changed)
      for index in range { flags[index] = value }
      let from = next(framesPerSection)
      #expect(bitmap.firstSet(from: from) == flags[from...].firstIndex(of: true) ?? framesPerSection)
      #expect(bitmap.firstClear(from: from) == flags[from...].firstIndex(of: false) ?? framesPerSection)
    }
  }
}
