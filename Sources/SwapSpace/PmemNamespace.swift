import Platform

/// Legacy persistent memory that words `memmap=SIZE!START` made of old memory: a block device whose sectors are that memory
/// (drivers/nvdimm/e820.c, drivers/nvdimm/pmem.c). A page is copied to it or from it by whoever asks, in the kernel, with no memory of its own.
public struct PmemNamespace {
  /// Its folder in sysfs (Documentation/ABI/testing/sysfs-bus-nvdimm).
  private let folder: Text
  private let name: Text
  private let bus: Text
  /// Its memory, in bytes.
  public let range: Range<UInt64>

  private static var driver: Literal { "nd_pmem" }

  /// The namespaces that are such ranges as a whole; another's persistent memory is none of them.
  ///
  /// - Parameter root: below which `/sys` is; nothing for this machine's.
  public static func all(in ranges: [Range<UInt64>], root: Text = Text()) -> [PmemNamespace] {
    let bus = root.appending("/sys/bus/nd")
    return Files.names(in: bus.appending("/devices")).compactMap { name in
      // 'namespaceREGION.NUMBER'
      guard let number = name.value(of: "namespace")?.split(UInt8(ascii: ".")).first else { return nil }
      let region = Text("%/devices/region%", bus, number)
      guard let start = SysFile.text(region, "resource").value(of: "0x")?.number(radix: 16),
        let size = SysFile.text(region, "size").number(),
        ranges.contains(start..<start &+ size)
      else { return nil }
      return PmemNamespace(folder: Text("%/devices/%", bus, name), name: name, bus: bus, range: start..<start + size)
    }
  }

  /// Has it get no `struct page`s, which would take 16 MiB for each GiB, for direct access that swap does not use (`pmem_attach_disk`). Takes
  /// it from the driver, if that has it: only then can this change (`force_raw_store`, drivers/nvdimm/namespace_devs.c).
  public func makeRaw() throws(Errno) {
    if hasDriver { try SysFile.write(name, folder.appending("/driver"), "unbind") }
    try SysFile.write("1", folder, "force_raw")
  }

  /// Gives it to the driver, which makes a block device of it, unless it has it.
  public func attach() throws(Errno) {
    guard !hasDriver else { return }
    try SysFile.write(name, Text("%/drivers/%", bus, Text(Self.driver)), "bind")
  }

  private var hasDriver: Bool { Files.exists(folder.appending("/driver")) }

  /// The number and the node of its block device; nil if it has none.
  public var device: (number: DeviceNumber, path: Text)? {
    let block = folder.appending("/block")
    guard let name = Files.names(in: block).first, let number = DeviceNumber(SysFile.text(Text("%/%", block, name), "dev")) else {
      return nil
    }
    return (number, Text("/dev/%", name))
  }
}

extension PmemNamespace {
  /// Has the modules loaded, and makes a block device of each of the ranges, without `struct page`s. Where nothing loads modules, as in the
  /// first stage of an initramfs, they have to be there. Returns those that have a device now.
  public static func prepare(_ ranges: [Range<UInt64>], root: Text = Text()) throws(Errno) -> [PmemNamespace] {
    try ModuleLoader.load("nd_e820", root: root)
    let all = awaited(ranges, root: root)
    for namespace in all where !namespace.isRaw { try namespace.makeRaw() }
    try ModuleLoader.load(driver, root: root)
    for namespace in all { try namespace.attach() }
    return all.filter { $0.device != nil }
  }

  /// The kernel makes them in the background (`nd_async_device_register`, drivers/nvdimm/bus.c): within 2 seconds, or not at all.
  static func awaited(_ ranges: [Range<UInt64>], root: Text) -> [PmemNamespace] {
    for _ in 0..<200 where Files.exists(root.appending("/sys/bus/nd")) {
      let found = all(in: ranges, root: root)
      if found.count == ranges.count { return found }
      ThisProcess.sleep(milliseconds: 10)
    }
    return all(in: ranges, root: root)
  }

  private var isRaw: Bool { SysFile.text(folder, "force_raw") == "1" }

  /// Has those be without `struct page`s that are there, before the driver is.
  public static func makeRaw(_ ranges: [Range<UInt64>]) {
    for namespace in awaited(ranges, root: Text()) { try? namespace.makeRaw() }
  }
}
