import CrashedKernel
import Frames
import Platform
import Vmcore

/// The frames for file data: gives them out, takes them back, and checks that they still hold what was written to them.
///
/// Sections are scanned on demand, and a summary of each is kept; one that gives out frames is *open* and has bitmaps
/// (see `OpenSection`). Free frames come before page cache, page cache before user pages, and within a class the section
/// with the most of them comes first, so that runs are long. Open sections with frames left are in a list, so that the cost of a frame
/// does not grow with the number of sections.
///
/// A frame that can't be read or written, or that lost what was written to it, is *retired*: once its owner gives it back it
/// is not in the pool any more.
public final class FramePool: FrameStore {
  let source: FrameSource
  let backend: Backend
  let checksums: Bool
  var table: SectionTable
  /// The open sections with available frames, by place in the table: the first gives the next run; -1 for none.
  private var firstWithRoom: Int32 = -1
  /// Sections before this place have been scanned.
  private var scanned = 0
  /// One classification at a time needs a byte for each frame of a section.
  private let map = FrameMap()
  /// Lists each frame before it is overwritten; nil until somebody asks for it.
  var recordFile: RecordFile?
  /// A copy of the one frame that is changed in part.
  let bounce: Mapping

  public private(set) var totalFrames: UInt64 = 0
  public private(set) var freeFrames: UInt64 = 0
  /// Frames that could not be mapped and so left the pool.
  public private(set) var refusedFrames: UInt64 = 0
  /// Why the first of them could not.
  private(set) var firstRefusal: Refusal?
  /// Frames that failed or were damaged, and so left the pool.
  public private(set) var retiredFrames: UInt64 = 0
  /// Sections whose struct pages can't be read, whose frames are left alone.
  public private(set) var damagedSections = 0
  /// Why the first of them can't.
  public private(set) var firstDamage: KernelError?
  /// Frames whose checksum was found wrong.
  public private(set) var damagedFrames: UInt64 = 0

  /// A pool that has looked at no section yet.
  init(source: FrameSource, backend: Backend, checksums: Bool) throws(Errno) {
    bounce = try Mapping(anonymous: frameSize)
    self.source = source
    self.backend = backend
    self.checksums = checksums
    table = SectionTable(source.sections)
  }

  /// How frames are written; nil for scratch memory.
  public var way: StoreWay? { backend.way }

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
    while true {
      let run = try take(upTo: min(count, framesPerSection), after: neighbour)
      do throws(StoreError) {
        try backend.prepare(run)
        return run
      } catch {
        release(run)
        guard case .inaccessible(let frame, _) = error else { throw error }
        refuse(windowOf: frame, error)
      }
    }
  }

  private func take(upTo count: Int, after neighbour: FrameNumber?) throws(StoreError) -> FrameRun {
    if let neighbour, let run = extend(neighbour, upTo: count) { return run }
    repeat {
      while firstWithRoom >= 0 {
        let index = Int(firstWithRoom)
        guard let open = table.summaries[index].open else { preconditionFailure("a section that is not open has room") }
        if let range = open.take(upTo: count) { return run(range, at: index) }
        firstWithRoom = open.nextWithRoom
        open.isListed = false
      }
    } while try offerMore()
    throw .noSpace
  }

  public func release(_ run: FrameRun) {
    forEachPart(of: run.first, run.count) { index, open, places, _ in
      let given = open.give(places)
      let lost = UInt64(places.count - given)
      open.inUse -= places.count
      freeFrames += UInt64(given)
      totalFrames -= lost
      retiredFrames += lost
      if given > 0 { list(open, at: index) }
      if open.inUse == 0 { open.discardChecksums() }
    }
    backend.discard(run)
  }

  /// Splits a run of frames in use where sections end, and calls `body` with each part: the section's place in the table, the section,
  /// the frames' places in it, and the number of frames before them in the run.
  func forEachPart<Failure: Error>(
    of first: FrameNumber, _ count: Int, _ body: (Int, OpenSection, Range<Int>, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var done = 0
    while done < count {
      let (index, place) = locate(first + done)
      guard let index, let open = table.summaries[index].open else { preconditionFailure("a frame of no open section") }
      let part = min(count - done, framesPerSection - place)
      try body(index, open, place..<place + part, done)
      done += part
    }
  }

  /// The place in the table of a frame's section, and the frame's place in the section.
  func locate(_ frame: FrameNumber) -> (index: Int?, place: Int) {
    (
      table.index(of: Int(truncatingIfNeeded: frame.rawValue >> UInt64(X86_64.sectionShift))),
      Int(frame.rawValue & UInt64(framesPerSection - 1))
    )
  }

  private func extend(_ neighbour: FrameNumber, upTo count: Int) -> FrameRun? {
    let (index, place) = locate(neighbour + 1)
    guard let index, let open = table.summaries[index].open else { return nil }
    let length = open.available.runLength(from: place, limit: count)
    guard length > 0 else { return nil }
    open.take(place..<place + length)
    return run(place..<place + length, at: index)
  }

  /// Frames that a section has given out, as a run.
  private func run(_ range: Range<Int>, at index: Int) -> FrameRun {
    freeFrames -= UInt64(range.count)
    return FrameRun(first: table.firstFrame(at: index) + range.lowerBound, count: range.count)
  }

  /// Puts a section into the list of those with room, behind the one that gives frames out now.
  private func list(_ open: OpenSection, at index: Int) {
    guard !open.isListed else { return }
    open.isListed = true
    if firstWithRoom >= 0, let first = table.summaries[Int(firstWithRoom)].open {
      open.nextWithRoom = first.nextWithRoom
      first.nextWithRoom = Int32(index)
    } else {
      open.nextWithRoom = -1
      firstWithRoom = Int32(index)
    }
  }

  /// Takes the available frames of a window that can't be written out of the pool.
  private func refuse(windowOf frame: FrameNumber, _ error: StoreError) {
    let window = backend.window(around: frame)
    forEachPart(of: FrameNumber(window.lowerBound), window.count) { _, open, places, _ in
      let refused = UInt64(open.withdraw(places))
      totalFrames -= refused
      freeFrames -= refused
      refusedFrames += refused
    }
    if firstRefusal == nil { firstRefusal = Refusal(error) }
  }

  // MARK: Retiring frames

  /// Keeps frames from being given out again.
  func retire(_ range: Range<UInt64>) {
    forEachPart(of: FrameNumber(range.lowerBound), range.count) { _, open, places, _ in
      let lost = UInt64(open.retire(places))
      totalFrames -= lost
      freeFrames -= lost
      retiredFrames += lost
    }
  }

  /// Notes that a frame in use lost what was written to it.
  func noteDamage(_ open: OpenSection, _ place: Int) {
    if !open.retired[place] { damagedFrames += 1 }
    _ = open.retire(place..<place + 1)
  }

  // MARK: Opening sections

  /// Makes more frames available, of the best class that any section has and in the section that has the most of them; false
  /// when nothing is left anywhere.
  private func offerMore() throws(StoreError) -> Bool {
    // The quick answer of a full pool.
    guard freeFrames > 0 || !isScanned else { return false }
    for reuse in ReuseClass.allCases {
      while let index = richest(in: reuse) {
        try offer(reuse, of: index)
        if firstWithRoom >= 0 { return true }
      }
    }
    return false
  }

  /// The section with the most frames of a class that it does not offer yet. More sections are scanned only if none has any.
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
    let windows = backend.framesPerWindow
    var usable = [UInt16](repeating: 0, count: framesPerSection / windows)
    var offered = 0
    do throws(KernelError) {
      try source.reusable(in: table.number(at: index), with: map) { kind, range in
        if kind == reuse { offered += open.offer(range) }
        var start = range.lowerBound
        while start < range.upperBound {
          let end = min(range.upperBound, (start / windows + 1) * windows)
          usable[start / windows] += UInt16(end - start)
          start = end
        }
      }
    } catch {
      // It could be read when it was scanned. None of its frames was handed out.
    }
    let counted = Int(table.summaries[index].left[Int(reuse.rawValue)])
    table.summaries[index].left[Int(reuse.rawValue)] = 0
    open.offeredClasses |= reuse.bit
    let refused = offered > 0 ? removeRefused(from: open, at: index, usable) : 0
    if open.availableCount > 0 { list(open, at: index) }
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

  /// Takes the frames that can't be written out of a section's bitmap, window by window, and returns their number.
  ///
  /// - Parameter usable: the reusable frames of each window, of all classes.
  private func removeRefused(from open: OpenSection, at index: Int, _ usable: [UInt16]) -> Int {
    let first = table.firstFrame(at: index).rawValue
    var refused = 0
    var start = open.available.firstSet(from: 0)
    while start < framesPerSection {
      let frame = FrameNumber(first + UInt64(start))
      let end = min(framesPerSection, Int(backend.window(around: frame).upperBound - first))
      if let refusal = backend.refusal(of: frame, usable: Int(usable[start / backend.framesPerWindow])) {
        refused += open.withdraw(start..<end)
        if firstRefusal == nil { firstRefusal = refusal }
      }
      start = open.available.firstSet(from: end)
    }
    return refused
  }
}
