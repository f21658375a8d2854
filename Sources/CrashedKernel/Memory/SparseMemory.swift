import Platform
import Vmcore

/// `mem_section`: where the struct pages of each section of memory are (include/linux/mmzone.h, SPARSEMEM_EXTREME, the
/// only memory model of x86-64).
final class SparseMemory {
  private let translation: AddressTranslation
  /// The array of pointers to roots.
  private let roots: UInt64
  private let rootCount: UInt64
  private let sectionSize: UInt64
  private let mapOffset: UInt64

  /// `SECTION_MARKED_PRESENT`, `SECTION_HAS_MEM_MAP` and `SECTION_IS_ONLINE` (include/linux/mmzone.h): bits 0, 1 and 2.
  private static var usable: UInt64 { 0b111 }
  /// The flags that makedumpfile knows: those, `SECTION_IS_EARLY` and `SECTION_TAINT_ZONE_DEVICE`, bits 3 and 4. A flag that it takes
  /// for a part of the address leads it to wrong struct pages, and it may dump pages that look left out here: 1.7.8 does so with
  /// `SECTION_IS_VMEMMAP_PREINIT`, bit 5 (since 6.15, huge pages made at boot with `hugetlb_free_vmemmap`).
  private static var known: UInt64 { 0b11111 }
  /// The flags are the low bits of a pointer that is a multiple of `1 << PFN_SECTION_SHIFT`; at most these 12.
  private static var flagMask: UInt64 { 0xfff }

  @inline(never)
  init(_ info: VMCoreInfo, _ translation: AddressTranslation) throws(KernelError) {
    self.translation = translation
    guard info.optionalSymbol("mem_section") != nil || info.optionalSymbol("mem_map") == nil
    else { throw .unsupported("it has no sparse memory (CONFIG_SPARSEMEM)") }
    let sectionBits: Int64
    do throws(MissingKey) {
      roots = try info.symbol("mem_section")
      rootCount = UInt64(try info.length("mem_section"))
      sectionSize = UInt64(try info.size("mem_section"))
      mapOffset = UInt64(try info.offset("mem_section.section_mem_map"))
      sectionBits = try info.number("SECTION_SIZE_BITS")
    } catch { throw .missing(error) }
    guard sectionBits == X86_64.sectionBits else { throw .implausible("SECTION_SIZE_BITS") }
    guard sectionSize >= 8, sectionSize <= 256, PFN.pageSize % sectionSize == 0, mapOffset <= sectionSize - 8
    else { throw .implausible("SIZE(mem_section)") }
    guard rootCount > 0, rootCount <= 1 << 20 else { throw .implausible("LENGTH(mem_section)") }
    guard try translation.physical(roots) != nil else { throw .unreachable("mem_section", roots) }
  }

  /// The frame that the array of pointers to roots begins in; nil if it can't be found.
  var rootsFrame: PFN? {
    do throws(KernelError) { return try translation.physical(roots).map { PFN($0.address.rawValue / PFN.pageSize) } } catch {
      return nil
    }
  }

  /// Where a section's struct pages are.
  struct SectionMap {
    /// The virtual address that the struct page of PFN 0 would have if this section's map reached so far.
    let base: UInt64
    /// The section has no flag but those that makedumpfile knows.
    let isKnown: Bool
  }

  /// nil for a section that has no struct pages or is offline.
  @inline(never)
  func map(of section: Int) throws(KernelError) -> SectionMap? {
    guard let pointer = try root(of: section) else { return nil }
    let entry = pointer &+ UInt64(section) % perRoot * sectionSize &+ mapOffset
    let coded = try translation.word(atVirtual: entry, of: "a root of mem_section")
    guard coded & Self.usable == Self.usable else { return nil }
    return SectionMap(base: coded & ~Self.flagMask, isKnown: coded & Self.flagMask & ~Self.known == 0)
  }

  private var perRoot: UInt64 { PFN.pageSize / sectionSize }

  /// The address of the root, a page of `mem_section` entries, that holds a section's entry; nil if there is none.
  @inline(never)
  private func root(of section: Int) throws(KernelError) -> UInt64? {
    let root = UInt64(section) / perRoot
    guard root < rootCount else { return nil }
    let pointer = try translation.word(atVirtual: roots &+ root * 8, of: "mem_section")
    return pointer == 0 ? nil : pointer
  }

  /// Adds the frames of `mem_section` that lead to a section's struct pages.
  @inline(never)
  func addFrames(of section: Int, to frames: inout FrameRanges) {
    translation.addFrames(of: roots &+ UInt64(section) / perRoot * 8, count: 8, to: &frames)
    do throws(KernelError) {
      if let root = try root(of: section) { translation.addFrames(of: root, count: PFN.pageSize, to: &frames) }
    } catch {}
  }
}
