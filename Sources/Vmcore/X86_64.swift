/// The facts of x86-64 in a core file and in a kernel's memory. Another architecture is another such file, and another
/// `AddressTranslation` for its page tables.
public enum X86_64 {
  /// EM_X86_64 (elf.h).
  static var machine: UInt64 { 62 }

  /// Where kernel text is mapped, 1 GiB at the most: `__START_KERNEL_map` (arch/x86/include/asm/page_64_types.h) and
  /// `KERNEL_IMAGE_SIZE` (arch/x86/include/asm/page_64_types.h).
  public static var textMap: Range<UInt64> { 0xffff_ffff_8000_0000..<0xffff_ffff_c000_0000 }

  /// Physical addresses of firmware, of devices, and of kexec's own pages, beside memory: below 1 MiB
  /// (arch/x86/kernel/crash.c, `crash_setup_memmap_entries`).
  public static var lowMemory: Range<PFN> { PFN(0)..<PFN((1 << 20) / PFN.pageSize) }

  /// A section of memory is 128 MiB: `SECTION_SIZE_BITS` (arch/x86/include/asm/sparsemem.h).
  public static var sectionBits: Int { 27 }
  /// The low bits of a PFN, which tell the frame's place in its section.
  public static var sectionShift: Int { sectionBits - 12 }
  public static var framesPerSection: Int { 1 << sectionShift }
}
