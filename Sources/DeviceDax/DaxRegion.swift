import Platform

/// A region of memory that device dax gives out: `dax_hmem` makes one for each range that the firmware or the command line reserves softly
/// (drivers/dax/hmem).
public struct DaxRegion {
  /// Where it lies in physical memory, in bytes.
  public let range: Range<UInt64>
  /// Whether its memory can be RAM: it is in a NUMA node (`dev_dax_kmem_probe`, drivers/dax/kmem.c). Where the firmware does not say,
  /// or with `numa=off`, memory above all that the kernel has for itself is in none.
  public let hasNode: Bool
  private let folder: Text
  private let bus: DaxBus

  /// nil for what is no such region.
  init?(_ folder: Text, _ bus: DaxBus) {
    guard let size = SysFile.text(folder, "size").number(), size > 0, let idle = bus.idleDevice(ofRegion: folder),
      // A device without memory shows where its region begins (`resource_show`).
      let start = SysFile.text(idle.folder, "resource").value(of: "0x")?.number(radix: 16), start <= UInt64.max - size
    else { return nil }
    range = start..<start + size
    hasNode = Files.exists(idle.folder.appending("/target_node"))
    self.folder = folder
    self.bus = bus
  }

  /// The bytes of the whole memory blocks in it.
  ///
  /// - Parameter size: a block's, in bytes.
  public func bytesInBlocks(of size: UInt64) -> UInt64 {
    let first = (range.lowerBound + size - 1) / size
    return (max(first, range.upperBound / size) - first) * size
  }

  /// Whether a range of physical memory, in bytes, lies in it as a whole.
  public func holds(_ bytes: Range<UInt64>) -> Bool { range.lowerBound <= bytes.lowerBound && bytes.upperBound <= range.upperBound }

  /// Hands ranges of the region, in bytes and in multiples of 2 MiB, to a driver as a device. If that fails, they are given back.
  public func give(_ ranges: [Range<UInt64>], to driver: DaxDriver) throws(DaxError) -> DaxDevice {
    guard let device = bus.idleDevice(ofRegion: folder) else { throw .noDevice }
    do throws(DaxError) {
      for range in ranges { try device.add(range) }
      try device.bind(to: driver)
    } catch {
      device.empty()
      throw error
    }
    return device
  }
}
