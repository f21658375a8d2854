// Memory safety: what is handed out lies within a piece of a device's mapping, which `devices` keeps.
import CrashedKernel
import DeviceDax
import Frames
import Platform
import Vmcore

/// Old memory through device dax, which maps physical memory as it is, also where `/dev/mem` is closed, as under lockdown.
///
/// The kernel makes `struct page`s for the memory of a device while a driver has it. They take 8 KiB for a piece of 2 MiB, since pages of
/// them are shared (Documentation/mm/vmemmap_dedup.rst), and 32 KiB before Linux 5.19. So a piece becomes part of a device when its first
/// frame is given out, together with those of its 16 MiB in which frames are reusable. It is mapped by one entry of a page table, for good.
final class DaxBackend: Backend {
  private static var pieceSize: Int { 2 << 20 }
  private static var framesPerPiece: UInt64 { 512 }
  /// Pieces that become one device: so few that no device has a whole memory block, of which `kmem` could make RAM.
  private static var piecesPerDevice: UInt64 { 8 }
  /// With fewer reusable frames a piece is left alone: its `struct page`s take as much memory as 2 frames, or 8.
  private static var fewestFrames: Int { 16 }

  /// 2 MiB of memory.
  private struct Piece {
    let number: UInt64
    /// A reusable frame of it, which nobody overwrites before it is mapped.
    let probe: FrameNumber
    var state = State.waiting

    enum State {
      /// No device has it.
      case waiting
      case mapped(UnsafeMutableRawPointer)
      case refused(Errno)
    }
  }

  private let regions: [DaxRegion]
  private let vmcore: Vmcore
  private var devices: [DaxMapping] = []
  /// Those with reusable frames, by number.
  private var pieces: [Piece] = []

  /// Finds the regions. Loads the driver if it is not there.
  init(_ bus: DaxBus, core: Vmcore) throws(Errno) {
    try bus.load(.deviceDax)
    regions = bus.has(.deviceDax) ? bus.regions : []
    guard !regions.isEmpty else { throw .notSuitable }
    vmcore = core
  }

  /// The devices are given back before the vmcore's lock is: the next mount would hold back the frames that they still have.
  deinit { devices = [] }

  override var way: StoreWay? { .dax }
  override var core: Vmcore? { vmcore }
  override var framesPerWindow: Int { Int(Self.framesPerPiece) }

  /// Compares a page through a device of its own, which is given back.
  override func shows(_ kernel: CrashedKernel) -> Bool? {
    kernel.landmark { page in
      let piece = page.rawValue / Self.framesPerPiece
      guard vmcore.memory(around: page) != nil, let region = region(of: piece) else { return nil }
      do throws(DaxError) {
        let device = try DaxMapping([Self.range(of: piece)], of: region)
        return vmcore.page(page, is: Self.bytes(of: FrameNumber(page.rawValue), in: device.bytes.baseAddress!, upTo: 1))
      } catch { return nil }
    }
  }

  /// Whether the frames of a piece can be written is known once it is mapped.
  override func refusal(of frame: FrameNumber, usable: Int) -> Refusal? {
    let number = frame.rawValue / Self.framesPerPiece
    let place = place(of: number)
    if place < pieces.count, pieces[place].number == number { return nil }
    guard region(of: number) != nil else { return .outside }
    guard usable >= Self.fewestFrames else { return .few }
    pieces.insert(Piece(number: number, probe: frame), at: place)
    return nil
  }

  override func prepare(_ run: FrameRun) throws(StoreError) {
    var frame = run.first.rawValue
    let end = frame + UInt64(run.count)
    while frame < end {
      let place = place(of: frame / Self.framesPerPiece)
      if case .waiting = pieces[place].state { try map(place) }
      if case .refused(let error) = pieces[place].state { throw .inaccessible(FrameNumber(frame), error) }
      frame = (frame / Self.framesPerPiece + 1) * Self.framesPerPiece
    }
  }

  override func mapped(_ first: FrameNumber, upTo count: Int) throws(StoreError) -> UnsafeMutableRawBufferPointer {
    let number = first.rawValue / Self.framesPerPiece
    let place = place(of: number)
    guard place < pieces.count, pieces[place].number == number, case .mapped(let bytes) = pieces[place].state
    else { throw .inaccessible(first, .invalid) }
    return Self.bytes(of: first, in: bytes, upTo: count)
  }

  override func failing(with frame: FrameNumber) -> Range<UInt64> { window(around: frame) }

  // MARK: Pieces

  /// The place in `pieces` of a piece, or where it belongs.
  private func place(of number: UInt64) -> Int { pieces.indices.firstPlace { pieces[$0].number >= number } }

  /// The region that holds a piece as a whole.
  private func region(of number: UInt64) -> DaxRegion? {
    let range = Self.range(of: number)
    return regions.first { $0.holds(range) }
  }

  /// The physical memory of a piece, in bytes. No PFN is beyond 40 bits (`LoadSegment`).
  private static func range(of number: UInt64) -> Range<UInt64> {
    number * UInt64(pieceSize)..<(number + 1) * UInt64(pieceSize)
  }

  /// The bytes of frames from `first` on, at most `count` of them, to the end of their piece.
  private static func bytes(of first: FrameNumber, in piece: UnsafeMutableRawPointer, upTo count: Int) -> UnsafeMutableRawBufferPointer {
    let place = Int(first.rawValue % framesPerPiece)
    return .init(start: piece + place * frameSize, count: min(count, Int(framesPerPiece) - place) * frameSize)
  }

  /// Maps a piece that waits, and its neighbours that do; it alone if they can't be had together.
  private func map(_ place: Int) throws(StoreError) {
    let number = pieces[place].number
    guard let region = region(of: number) else { return pieces[place].state = .refused(.invalid) }
    let first = number / Self.piecesPerDevice * Self.piecesPerDevice
    var places: [Int] = []
    var neighbour = self.place(of: first)
    while neighbour < pieces.count, pieces[neighbour].number < first + Self.piecesPerDevice {
      if case .waiting = pieces[neighbour].state, region.holds(Self.range(of: pieces[neighbour].number)) { places.append(neighbour) }
      neighbour += 1
    }
    do throws(DaxError) {
      do throws(DaxError) { try map(places, region) } catch {
        guard places.count > 1, error.errno != .noMemory else { throw error }
        try map([place], region)
      }
    } catch {
      // The frames are good: this kernel has no memory for their `struct page`s now.
      guard error.errno != .noMemory else { throw .noMemory }
      pieces[place].state = .refused(error.errno)
    }
  }

  private func map(_ places: [Int], _ region: DaxRegion) throws(DaxError) {
    let device = try DaxMapping(places.map { Self.range(of: pieces[$0].number) }, of: region)
    devices.append(device)
    var bytes = device.bytes.baseAddress!
    for place in places {
      let seen = Self.bytes(of: pieces[place].probe, in: bytes, upTo: 1)
      pieces[place].state = vmcore.refusal(of: pieces[place].probe, seenAs: seen) == nil ? .mapped(bytes) : .refused(.io)
      bytes += Self.pieceSize
    }
  }
}
