import Platform

/// A piece of physical memory that the vmcore holds: whole pages of one PT_LOAD.
public struct LoadSegment: Sendable {
  /// The pages.
  public let frames: Range<PFN>
  /// Where the first page is in the file.
  public let offset: UInt64
  /// Where the kernel has the first page in its direct map.
  public let virtual: UInt64

  /// nil for a segment that holds no whole page. Addresses that wrap or exceed what x86-64 has are an error.
  init?(_ header: ProgramHeader) throws(VmcoreError) {
    let pageSize = PFN.pageSize
    let (end, overflow) = header.physical.addingReportingOverflow(header.fileSize)
    let (_, offsetOverflow) = header.offset.addingReportingOverflow(header.fileSize)
    let (_, virtualOverflow) = header.virtual.addingReportingOverflow(header.fileSize)
    guard !overflow, !offsetOverflow, end / pageSize <= PFN.limit else { throw .malformed("a PT_LOAD beyond the address space") }
    guard !virtualOverflow || header.virtual &+ header.fileSize == 0 else { throw .malformed("a PT_LOAD beyond the address space") }
    let skipped = (pageSize - header.physical % pageSize) % pageSize
    let first = header.physical + skipped
    guard end / pageSize > first / pageSize else { return nil }
    frames = PFN(first / pageSize)..<PFN(end / pageSize)
    offset = header.offset + skipped
    virtual = header.virtual + skipped
  }

  public var count: UInt64 { frames.upperBound.rawValue - frames.lowerBound.rawValue }
}
