import CrashedKernel
import Platform

/// The frames that file data is kept in: which are free to use, who gives them out, and whether they still hold what
/// was written.
///
/// Sections are looked at when they are needed and only a summary of each is kept; one that gives out frames is *open*
/// and has a bitmap (see `OpenSection`). Free frames come before page cache, page cache before user pages, and within a
/// class the section with the most of them first, so that runs are long.
public final class FramePool: FrameStore {
  let source: FrameSource
  let access: FrameAccess
  let checksums: Bool
  var table: SectionTable
  /// The section that gave the last run; the next one is looked for there.
  private var current: Int?
  /// Sections before this place have been scanned.
  private var scanned = 0
  /// One classification at a time needs a byte for each frame of a section.
  private let map = FrameMap()
  /// A copy of the one frame that is changed in part.
  let bounce: Mapping

  public private(set) var totalFrames: UInt64 = 0
  public private(set) var freeFrames: UInt64 = 0
  /// Frames that could not be mapped and so left the pool.
  public private(set) var refusedFrames: UInt64 = 0
  /// Sections whose struct pages can't be read, whose frames are left alone.
  public private(set) var damagedSections = 0
  /// Why the first of them can't.
  public private(set) var firstDamage: KernelError?
  /// Frames whose checksum was found to differ.
  public internal(set) var damagedFrames: UInt64 = 0

  /// A pool that has looked at no section yet.
  init(source: FrameSource, access: FrameAccess, checksums: Bool) throws(Errno) {
    bounce = try Mapping(anonymous: frameSize)
    self.source = source
    self.access = access
    self.checksums = checksums
    table = SectionTable(source.sections)
  }

  /// How frames are written; nil for scratch memory.
  public var way: StoreWay? { access.way }

  // MARK: Scanning

  /// Whether every section has been looked at, so that `totalFrames` is the whole.
  public var isScanned: Bool { scanned == table.summaries.count }

  /// Looks at the next section; nothing once all have been.
  public func scanNextSection() {
    guard !isScanned else { return }
    let index = scanned
    scanned += 1
    var left = InlineArray<3, UInt16>(repeating: 0)
    do throws(KernelError) {
      try source.reusable(in: table.number(at: index), with: map) { reuse, range in
        left[Int(reuse.rawValue)] += UInt16(range.count)
      }
    } catch {
      table.summaries[index].state = .damaged
      damagedSections += 1
      if firstDamage == nil { firstDamage = error }
      return
    }
    table.summaries[index].state = .scanned
    table.summaries[index].left = left
    for reuse in ReuseClass.allCases {
      totalFrames += UInt64(left[Int(reuse.rawValue)])
      freeFrames += UInt64(left[Int(reuse.rawValue)])
    }
  }

  // MARK: Allocation

  public func allocate(upTo count: Int, after neighbour: FrameNumber?) throws(StoreError) -> FrameRun {
    precondition(count > 0)
    let count = min(count, framesPerSection)
    if let neighbour, let run = extend(neighbour, upTo: count) { return run }
    if let index = current, let run = take(upTo: count, from: index) { return run }
    while let index = try nextSection() {
      current = index
      if let run = take(upTo: count, from: index) { return run }
    }
    throw .noSpace
  }

  public func release(_ run: FrameRun) {
    var first = run.first
    var rest = run.count
    while rest > 0 {
      let (index, place) = locate(first)
      guard let index, let open = table.summaries[index].open else { preconditionFailure("a frame of no open section") }
      let count = min(rest, framesPerSection - place)
      let added = open.available.insert(place..<place + count)
      precondition(added == count, "a frame released twice")
      open.inUse -= count
      freeFrames += UInt64(count)
      if open.inUse == 0 { open.discardChecksums() }
      if case .scratch(let scratch) = access { scratch.discard(FrameRun(first: first, count: count)) }
      first = first + count
      rest -= count
    }
  }

  /// The place in the table of a frame's section, and the frame's place in the section.
  func locate(_ frame: FrameNumber) -> (index: Int?, place: Int) {
    (table.index(of: Int(truncatingIfNeeded: frame.rawValue >> UInt64(sectionShift))), Int(frame.rawValue & UInt64(framesPerSection - 1)))
  }

  private func extend(_ neighbour: FrameNumber, upTo count: Int) -> FrameRun? {
    let (index, place) = locate(neighbour + 1)
    guard let index, let open = table.summaries[index].open else { return nil }
    let length = open.available.runLength(from: place, limit: count)
    return length > 0 ? take(place..<place + length, from: open, at: index) : nil
  }

  private func take(upTo count: Int, from index: Int) -> FrameRun? {
    guard let open = table.summaries[index].open, let range = open.available.run(upTo: count) else { return nil }
    return take(range, from: open, at: index)
  }

  private func take(_ range: Range<Int>, from open: OpenSection, at index: Int) -> FrameRun {
    let taken = open.available.remove(range)
    precondition(taken == range.count, "a frame with two owners")
    open.inUse += taken
    freeFrames -= UInt64(taken)
    return FrameRun(first: table.firstFrame(at: index) + range.lowerBound, count: taken)
  }

  // MARK: Opening sections

  /// The section to allocate from next, opened: one with frames left in what it already offers, else the one with the
  /// most frames of the best class that any has; nil when nothing is left anywhere.
  private func nextSection() throws(StoreError) -> Int? {
    for index in table.summaries.indices {
      if let open = table.summaries[index].open, open.available.firstSet(from: 0) < framesPerSection { return index }
    }
    for reuse in ReuseClass.allCases {
      while let index = richest(in: reuse) {
        try offer(reuse, of: index)
        if let open = table.summaries[index].open, open.available.firstSet(from: 0) < framesPerSection { return index }
      }
    }
    return nil
  }

  /// The section with the most frames of a class that it does not offer yet, of those scanned and, if none of these has
  /// any, of the rest.
  private func richest(in reuse: ReuseClass) -> Int? {
    let place = Int(reuse.rawValue)
    while true {
      var best: Int?
      for index in 0..<scanned where table.summaries[index].left[place] > 0 {
        if best.map({ table.summaries[$0].left[place] < table.summaries[index].left[place] }) ?? true { best = index }
      }
      if best != nil || isScanned { return best }
      scanNextSection()
    }
  }

  /// Puts the section's frames of a class into its bitmap, less those that can't be written.
  private func offer(_ reuse: ReuseClass, of index: Int) throws(StoreError) {
    let open = try opened(index)
    var offered = 0
    var readable = true
    do throws(KernelError) {
      try source.reusable(in: table.number(at: index), with: map) { kind, range in
        if kind == reuse { offered += open.offer(range) }
      }
    } catch { readable = false }
    let counted = Int(table.summaries[index].left[Int(reuse.rawValue)])
    table.summaries[index].left[Int(reuse.rawValue)] = 0
    open.offeredClasses |= reuse.bit
    if !readable { offered = 0 }
    let refused = readable ? removeRefused(from: open, at: index) : 0
    // What was counted at the scan and is not there now, or can't be written, leaves the pool.
    let change = offered - counted - refused
    totalFrames = UInt64(Int(totalFrames) + change)
    freeFrames = UInt64(Int(freeFrames) + change)
    refusedFrames += UInt64(refused)
  }

  private func opened(_ index: Int) throws(StoreError) -> OpenSection {
    if let open = table.summaries[index].open { return open }
    do throws(Errno) {
      let open = try OpenSection()
      table.summaries[index].open = open
      return open
    } catch { throw .noMemory }
  }

  /// Takes the frames that can't be written out of a section's bitmap, and tells how many they were.
  private func removeRefused(from open: OpenSection, at index: Int) -> Int {
    let first = table.firstFrame(at: index)
    var refused = 0
    var start = open.available.firstSet(from: 0)
    while start < framesPerSection {
      let end = min(framesPerSection, (start / WindowCache.framesPerWindow + 1) * WindowCache.framesPerWindow)
      if !access.verify(start, of: first) { refused += open.available.remove(start..<end) }
      start = open.available.firstSet(from: end)
    }
    return refused
  }
}
