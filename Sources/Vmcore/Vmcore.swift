// Memory safety: a caller's buffer is filled within its count; bytes of a window are copied out while the window lives.
import Platform

/// An ELF vmcore: `/proc/vmcore` of a capture kernel, or a saved one.
public final class Vmcore {
  /// The crashed machine's memory, by physical address. Nothing outside these segments exists.
  public let segments: [LoadSegment]
  /// The pages of the kernel's image: those of the PT_LOADs in the text map.
  public let image: [Range<PFN>]
  public let info: VMCoreInfo
  /// Whether a Xen hypervisor has left its notes: "Xen" and "VMCOREINFO_XEN".
  public let isXen: Bool
  private let file: FileDescriptor
  /// A walk through five levels of page tables, `mem_section` and the struct pages need a window each; 2 MiB are the struct
  /// pages of a section.
  private let windows = ReadWindows(size: 2 << 20, most: 8)
  /// For `glance`, whose reads are a few bytes each, all over memory.
  private let asideWindows = ReadWindows(size: 128 << 10, most: 32)

  /// Opens and parses a vmcore; its memory is read when it is asked for.
  public init(path: Text) throws(VmcoreError) {
    let size: UInt64
    do throws(Errno) {
      file = try FileDescriptor.open(path, flags: FileDescriptor.readOnly)
      size = try file.size()
    } catch { throw .unopenable(error) }
    let headers = try ELFHeaders(file, size: size)
    let loads = try Vmcore.loads(headers, size: size)
    segments = try Vmcore.memory(loads.memory)
    image = loads.image
    let xen = try Vmcore.note("Xen", headers, file, size: size)
    let xenInfo = try Vmcore.note("VMCOREINFO_XEN", headers, file, size: size)
    isXen = xen != nil || xenInfo != nil
    guard let text = try Vmcore.note("VMCOREINFO", headers, file, size: size) else { throw .noVMCoreInfo }
    info = VMCoreInfo(text)
  }

  /// Keeps other processes from claiming the same memory, as long as this object lives; EWOULDBLOCK if one has.
  public func claim() throws(Errno) { try file.lock() }

  // MARK: Where memory is

  /// The segment that holds a page.
  private func segment(of frame: PFN) -> LoadSegment? {
    let place = segments.indices.firstPlace { segments[$0].frames.upperBound > frame }
    return place < segments.count && segments[place].frames.contains(frame) ? segments[place] : nil
  }

  /// The pages of the PT_LOAD that holds a page; nil if none does.
  public func memory(around frame: PFN) -> Range<PFN>? { segment(of: frame)?.frames }

  /// The file offset of `count` adjoining pages; nil if one of them is outside the PT_LOAD of the first.
  public func fileOffset(of frame: PFN, count: Int) -> UInt64? {
    guard count > 0, let segment = segment(of: frame),
      UInt64(count) <= segment.frames.upperBound.rawValue - frame.rawValue
    else { return nil }
    return segment.offset + (frame.rawValue - segment.frames.lowerBound.rawValue) * PFN.pageSize
  }

  /// The physical address behind an address of the kernel's direct map; nil for any other.
  public func physical(ofDirect address: UInt64) -> PhysicalAddress? {
    for segment in segments where address >= segment.virtual && address - segment.virtual < segment.count * PFN.pageSize {
      return PhysicalAddress(segment.frames.lowerBound.address.rawValue + (address - segment.virtual))
    }
    return nil
  }

  // MARK: Reading

  /// Reads physical memory, which may cross from one segment to the next.
  public func read(_ address: PhysicalAddress, into buffer: UnsafeMutableRawBufferPointer) throws(VmcoreError) {
    try read(address, into: buffer, through: windows)
  }

  /// Reads physical memory; a pointer that `mapped` returned stays valid.
  public func glance(_ address: PhysicalAddress, into buffer: UnsafeMutableRawBufferPointer) throws(VmcoreError) {
    try read(address, into: buffer, through: asideWindows)
  }

  @inline(never)
  private func read(
    _ address: PhysicalAddress, into buffer: UnsafeMutableRawBufferPointer, through windows: ReadWindows
  ) throws(VmcoreError) {
    var done = 0
    while done < buffer.count {
      let (position, overflow) = address.rawValue.addingReportingOverflow(UInt64(done))
      guard !overflow, let segment = segment(of: PFN(position / PFN.pageSize)) else { throw .absent(address) }
      let into = position - segment.frames.lowerBound.address.rawValue
      let count = Int(min(UInt64(buffer.count - done), segment.count * PFN.pageSize - into))
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
      try windows.read(file, segment, at: into, into: piece)
      done += count
    }
  }

  /// A pointer to `count` bytes of physical memory; nil if no window holds them all. Valid until the next read.
  public func mapped(_ address: PhysicalAddress, count: Int) -> UnsafeRawPointer? {
    guard count > 0, let segment = segment(of: PFN(address.rawValue / PFN.pageSize)) else { return nil }
    let into = address.rawValue - segment.frames.lowerBound.address.rawValue
    guard UInt64(count) <= segment.count * PFN.pageSize - into else { return nil }
    return windows.bytes(file, segment, at: into, count: count)
  }

  /// An 8-byte number in physical memory.
  public func word(at address: PhysicalAddress) throws(VmcoreError) -> UInt64 {
    var value: UInt64 = 0
    let outcome = withUnsafeMutableBytes(of: &value) { buffer -> VmcoreError? in
      do throws(VmcoreError) { try read(address, into: buffer) } catch { return error }
      return nil
    }
    if let outcome { throw outcome }
    return value
  }

  // MARK: Headers

  /// 64 TiB, more than any machine has: it bounds the metadata.
  private static var mostFrames: UInt64 { 1 << 34 }

  /// The segments of the direct map, and the pages of the kernel's image.
  private static func loads(
    _ headers: ELFHeaders, size: UInt64
  ) throws(VmcoreError) -> (memory: [LoadSegment], image: [Range<PFN>]) {
    var segments: [LoadSegment] = []
    var image: [Range<PFN>] = []
    var index = 0
    while let header = headers[index] {
      index += 1
      guard header.type == ProgramHeader.load else { continue }
      let (end, overflow) = header.offset.addingReportingOverflow(header.fileSize)
      guard !overflow else { throw .malformed("a PT_LOAD beyond the address space") }
      guard end <= size else { throw .truncated(needed: end, size: size) }
      guard let segment = try LoadSegment(header) else { continue }
      // The kernel's image is in the file twice, in the text map and in the direct map. The direct map's is the one that is read.
      if header.virtual < X86_64.textMap.lowerBound { segments.append(segment) } else { image.append(segment.frames) }
    }
    return (segments, image)
  }

  /// The segments, sorted by PFN. Segments that overlap, in memory or in the file, are an error: a write to one page would change
  /// another.
  static func memory(_ loads: [LoadSegment]) throws(VmcoreError) -> [LoadSegment] {
    var segments = loads
    guard !segments.isEmpty else { throw .malformed("no PT_LOAD holds memory") }
    segments.insertionSort { $0.offset < $1.offset }
    var frames: UInt64 = 0
    for index in segments.indices {
      frames += segments[index].count
      guard index == 0 || segments[index - 1].offset + segments[index - 1].count * PFN.pageSize <= segments[index].offset
      else { throw .malformed("two PT_LOADs lie in the same place of the file") }
    }
    guard frames <= mostFrames else { throw .malformed("more than 64 TiB of memory") }
    segments.insertionSort { $0.frames.lowerBound < $1.frames.lowerBound }
    for index in segments.indices.dropFirst()
    where segments[index - 1].frames.upperBound > segments[index].frames.lowerBound {
      throw .malformed("two PT_LOADs hold the same memory")
    }
    return segments
  }

  /// The contents of the first note with a name.
  private static func note(
    _ name: Literal, _ headers: ELFHeaders, _ file: borrowing FileDescriptor, size: UInt64
  ) throws(VmcoreError) -> [UInt8]? {
    var index = 0
    while let header = headers[index] {
      index += 1
      guard header.type == ProgramHeader.note else { continue }
      let (end, overflow) = header.offset.addingReportingOverflow(header.fileSize)
      guard !overflow, end <= size else { throw .truncated(needed: overflow ? UInt64.max : end, size: size) }
      if let contents = try Notes(file: header.offset..<end).first(named: name, file, size: size) { return contents }
    }
    return nil
  }
}
