import KernelFixtures
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

  @Test("a run is the first that is at least half as long as was asked for, cut to that")
  func firstFittingRun() {
    var search = RunSearch()
    bitmap.insert(10..<15)
    bitmap.insert(100..<300)
    bitmap.insert(1000..<5000)
    #expect(search.next(in: bitmap, upTo: 4) == 10..<14)
    #expect(search.next(in: bitmap, upTo: 100) == 100..<200)
    #expect(search.next(in: bitmap, upTo: 3000) == 1000..<4000)
  }

  @Test("without a run that is long enough it is a long one of what there is")
  func longestRun() {
    var search = RunSearch()
    bitmap.insert(10..<15)
    bitmap.insert(100..<300)
    #expect(search.next(in: bitmap, upTo: 1000) == 100..<300)
  }

  @Test("an empty bitmap has no run, a full one is one run")
  func extremes() {
    var search = RunSearch()
    #expect(search.next(in: bitmap, upTo: 1) == nil)
    bitmap.insert(0..<framesPerSection)
    search.note(0..<framesPerSection, in: bitmap)
    #expect(search.next(in: bitmap, upTo: framesPerSection) == 0..<framesPerSection)
    #expect(bitmap.runLength(from: framesPerSection - 3, limit: 10) == 3)
    #expect(bitmap.runLength(from: framesPerSection, limit: 10) == 0)
  }

  @Test("a run is known from any part of it, and where it is long as all that it could be")
  func around() {
    bitmap.insert(60..<200)
    #expect(bitmap.run(around: 100..<110) == 60..<200)
    #expect(bitmap.run(around: 60..<200) == 60..<200)
    bitmap.insert(4000..<9000)
    #expect(bitmap.run(around: 6000..<6001) == 0..<framesPerSection)
    bitmap.insert(0..<5)
    #expect(bitmap.run(around: 4..<5) == 0..<5)
    bitmap.insert(framesPerSection - 70..<framesPerSection)
    #expect(bitmap.run(around: framesPerSection - 1..<framesPerSection) == framesPerSection - 70..<framesPerSection)
  }

  @Test("taking and giving back at random, every frame is found, and none twice", arguments: 1...10)
  func randomSearch(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    func next(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    let section = try OpenSection()
    var free = section.offer(0..<framesPerSection)
    var taken: [Range<Int>] = []
    var isTaken = [Bool](repeating: false, count: framesPerSection)
    for _ in 0..<3000 {
      if next(3) > 0 {
        let count = [1, 2, 3, 40, 256, framesPerSection][next(6)]
        guard let range = section.take(upTo: count) else {
          #expect(free == 0)
          continue
        }
        #expect(!range.isEmpty && range.count <= count && range.allSatisfy { !isTaken[$0] })
        for place in range { isTaken[place] = true }
        free -= range.count
        taken.append(range)
      } else {
        for _ in 0..<next(8) where !taken.isEmpty {
          // Any part of an allocated run.
          let range = taken.remove(at: next(taken.count))
          let first = range.lowerBound + next(range.count)
          let part = first..<first + 1 + next(range.upperBound - first)
          #expect(section.give(part) == part.count)
          for place in part { isTaken[place] = false }
          free += part.count
          if range.lowerBound < part.lowerBound { taken.append(range.lowerBound..<part.lowerBound) }
          if part.upperBound < range.upperBound { taken.append(part.upperBound..<range.upperBound) }
        }
      }
      #expect(section.availableCount == free)
    }
    while let range = section.take(upTo: 256) { free -= range.count }
    #expect(free == 0)
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
