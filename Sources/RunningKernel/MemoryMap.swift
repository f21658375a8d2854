import Platform

/// Physical memory as `/proc/iomem` lists it: a line `START-END : NAME` for each resource, in hexadecimal with END included, two spaces
/// deeper for each resource that it lies in (`r_show`, kernel/resource.c). Who is not root sees zeros.
public struct MemoryMap {
  /// Memory, in bytes, sorted: "System RAM" that is no part of another resource. What devices bring ("System RAM (kmem)",
  /// "System RAM (virtio_mem)") lies inside theirs, and is left out.
  public private(set) var memory: [Range<UInt64>] = []
  /// The memory that the capture kernel has, in bytes, sorted: "Crash kernel" (`crashk_res` and `crashk_low_res`,
  /// kernel/crash_reserve.c), and what `crashkernel=SIZE,cma` lends to this kernel until the crash.
  public private(set) var reservations: [Range<UInt64>] = []
  /// The kernel's image, in bytes: from "Kernel code" to "Kernel bss" (`setup_arch`, arch/x86/kernel/setup.c).
  public private(set) var image: Range<UInt64>?
  /// Devices' memory that was made RAM, in bytes, sorted: "System RAM (kmem)" (drivers/dax/kmem.c).
  public private(set) var added: [Range<UInt64>] = []
  /// What this kernel or a driver of it has already, in bytes: its RAM, wherever it lies, ranges of device dax ("dax0.1", `alloc_dev_dax_range`,
  /// drivers/dax/bus.c), and whatever else a driver has claimed (`request_mem_region`, such as `persistent_ram_iomap`, fs/pstore/ram_core.c).
  /// ACPI makes RAM of a DIMM by itself (`acpi_memory_enable_device`, drivers/acpi/acpi_memhotplug.c), as "System RAM" in a resource that was
  /// there before, such as "Soft Reserved". A range may be there more than once.
  public private(set) var given: [Range<UInt64>] = []
  /// Legacy persistent memory, in bytes, of which the kernel makes block devices: "Persistent Memory (legacy)" (`e820_type_to_string`,
  /// arch/x86/kernel/e820.c), and the devices in it ("namespace0.0", `devm_nsio_enable`, drivers/nvdimm/claim.c). It is not in `given`.
  public private(set) var legacyPmem: [Range<UInt64>] = []

  /// What this kernel lists; nil if it shows no memory, as to others than root.
  public static var current: MemoryMap? { MemoryMap(Files.contents(of: Text("/proc/iomem"), limit: 1 << 20)) }

  /// nil if no memory can be seen in the listing.
  ///
  /// - Parameter lent: `/sys/kernel/kexec/crash_cma_ranges`, a line `START-END` each (kernel/kexec_core.c, since 7.0).
  public init?(_ listing: Text, lent: Text = Text()) {
    for line in listing.split(UInt8(ascii: "\n")) {
      guard let resource = Resource(line) else { continue }
      if resource.depth == 0, resource.name == "System RAM" { memory.append(resource.range) }
      if resource.name == "Crash kernel" { reservations.append(resource.range) }
      if resource.isImage { image = min(image?.lowerBound ?? UInt64.max, resource.range.lowerBound)..<resource.range.upperBound }
      if resource.name == "System RAM (kmem)" { added.append(resource.range) }
      if resource.isLegacyPmem {
        legacyPmem.append(resource.range)
      } else if !resource.isOnlyAPlace, !(resource.name.hasPrefix("namespace") && legacyPmem.contains(resource.range)) {
        given.append(resource.range)
      }
    }
    if memory.isEmpty { return nil }
    for line in lent.split(UInt8(ascii: "\n")) {
      guard let range = Self.range(line) else { continue }
      reservations.append(range)
    }
    reservations.insertionSort { $0.lowerBound < $1.lowerBound }
  }

  /// `START-END` in hexadecimal, END included.
  private static func range(_ text: Text) -> Range<UInt64>? {
    let ends = text.split(UInt8(ascii: "-"))
    guard ends.count == 2, let first = ends[0].number(radix: 16), let last = ends[1].number(radix: 16), first < last, last < UInt64.max
    else { return nil }
    return first..<last + 1
  }

  /// A line of the listing.
  private struct Resource {
    let depth: Int
    let range: Range<UInt64>
    let name: Text

    /// Nobody has it as a whole: memory that is left to device dax (drivers/dax/hmem/device.c), windows of PCI bridges, in which devices have
    /// ranges of their own, and what the kernel leaves alone behind the end of its RAM (`e820__reserve_resources_late`, arch/x86/kernel/e820.c).
    var isOnlyAPlace: Bool {
      name == "Soft Reserved" || name.hasPrefix("hmem.") || name.hasPrefix("PCI Bus ") || name == "RAM buffer"
    }

    var isImage: Bool { name == "Kernel code" || name == "Kernel rodata" || name == "Kernel data" || name == "Kernel bss" }

    var isLegacyPmem: Bool { name == "Persistent Memory (legacy)" }

    init?(_ line: Text) {
      let indent = line.bytes.firstIndex { $0 != UInt8(ascii: " ") } ?? 0
      let words = line.split(UInt8(ascii: " "))
      guard words.count > 2, words[1] == ":" else { return nil }
      guard let range = MemoryMap.range(words[0]) else { return nil }
      depth = indent / 2
      self.range = range
      name = line.dropping(indent + words[0].bytes.count + 3)
    }
  }
}
