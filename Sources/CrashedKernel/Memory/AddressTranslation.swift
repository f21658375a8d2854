import Platform
import Vmcore

/// From the crashed kernel's virtual addresses to physical ones, on x86-64.
final class AddressTranslation {
  private let core: Vmcore
  private let physicalBase: UInt64
  private let topTable: UInt64
  private let levels: Int

  /// Bits 12 to 51 of an entry are the address (Intel SDM vol. 3A, 4.5).
  private static var addressMask: UInt64 { 0x000f_ffff_ffff_f000 }

  @inline(never)
  init(_ core: Vmcore) throws(KernelError) {
    self.core = core
    do throws(MissingKey) {
      physicalBase = UInt64(bitPattern: try core.info.number("phys_base"))
      topTable = try core.info.symbol("swapper_pg_dir")
    } catch { throw .missing(error) }
    // Since 4.17; a kernel without the key has four levels.
    levels = (core.info.optionalNumber("pgtable_l5_enabled") ?? 0) != 0 ? 5 : 4
    guard (core.info.optionalNumber("sme_mask") ?? 0) == 0
    else { throw .unsupported("memory encryption (SME or SEV) is active, and its memory can't be written from here") }
  }

  /// The frame of the top page table.
  var topTableFrame: PFN { PFN((topTable &- X86_64.textMap.lowerBound &+ physicalBase) / PFN.pageSize) }

  /// The physical address behind a virtual one, and the number of bytes that follow it in physical memory; nil if nothing is mapped.
  /// `onTable` gets the physical address of each page table on the way.
  @inline(never)
  func physical(
    _ address: UInt64, onTable: (UInt64) -> Void = { _ in }
  ) throws(KernelError) -> (address: PhysicalAddress, count: UInt64)? {
    if let direct = core.physical(ofDirect: address) { return (direct, pageRest(address)) }
    if X86_64.textMap.contains(address) {
      return (PhysicalAddress(address - X86_64.textMap.lowerBound &+ physicalBase), pageRest(address))
    }
    return try walk(address, onTable)
  }

  private func pageRest(_ address: UInt64) -> UInt64 { PFN.pageSize - address % PFN.pageSize }

  /// Follows the page tables. They have at most five levels, so this ends whatever they hold.
  @inline(never)
  private func walk(_ address: UInt64, _ onTable: (UInt64) -> Void) throws(KernelError) -> (address: PhysicalAddress, count: UInt64)? {
    var table = topTable &- X86_64.textMap.lowerBound &+ physicalBase
    var level = levels
    while level > 0 {
      let shift = UInt64(12 + 9 * (level - 1))
      let index = (address >> shift) & 511
      let entry = try word(table &+ index * 8)
      onTable(table)
      guard entry & 1 != 0 else { return nil }
      let base = entry & Self.addressMask
      // Bit 7 of a level-2 or level-3 entry: a page of 2 MiB or 1 GiB.
      if level == 1 || (level <= 3 && entry & (1 << 7) != 0) {
        let size: UInt64 = 1 << shift
        let offset = address & (size - 1)
        return (PhysicalAddress((base & ~(size - 1)) + offset), size - offset)
      }
      table = base
      level -= 1
    }
    return nil
  }

  private func word(_ address: UInt64) throws(KernelError) -> UInt64 {
    do throws(VmcoreError) { return try core.word(at: PhysicalAddress(address)) } catch { throw .unreadable(error) }
  }

  /// A pointer to `count` bytes of virtual memory; nil if no window holds them all. Valid until the next read.
  func mapped(_ address: UInt64, count: Int) throws(KernelError) -> UnsafeRawPointer? {
    guard let (physical, inOnePiece) = try physical(address), inOnePiece >= UInt64(count) else { return nil }
    return core.mapped(physical, count: count)
  }

  /// Reads virtual memory; an address that is not mapped is an error.
  @inline(never)
  func read(_ address: UInt64, into buffer: UnsafeMutableRawBufferPointer, of what: Literal) throws(KernelError) {
    var done = 0
    while done < buffer.count {
      let position = address &+ UInt64(done)
      guard let (physical, count) = try physical(position) else { throw .unreachable(what, position) }
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + Int(min(UInt64(buffer.count - done), count))])
      do throws(VmcoreError) { try core.read(physical, into: piece) } catch { throw .unreadable(error) }
      done += piece.count
    }
  }

  /// Adds the frames that virtual memory lies in, and those of the page tables that lead there. Addresses that lead nowhere are
  /// skipped: nobody else can read them either.
  @inline(never)
  func addFrames(of address: UInt64, count: UInt64, to frames: inout FrameRanges) {
    var done: UInt64 = 0
    while done < count {
      let position = address &+ done
      var step = pageRest(position)
      do throws(KernelError) {
        if let found = try physical(position, onTable: { frames.insert($0 / PFN.pageSize..<$0 / PFN.pageSize + 1) }) {
          step = min(found.count, count - done)
          let (end, overflow) = found.address.rawValue.addingReportingOverflow(step + PFN.pageSize - 1)
          if !overflow { frames.insert(found.address.rawValue / PFN.pageSize..<end / PFN.pageSize) }
        }
      } catch {}
      done += step
    }
  }

  /// An 8-byte number in virtual memory.
  func word(atVirtual address: UInt64, of what: Literal) throws(KernelError) -> UInt64 {
    guard let (physical, count) = try physical(address), count >= 8 else { throw .unreachable(what, address) }
    return try word(physical.rawValue)
  }
}
