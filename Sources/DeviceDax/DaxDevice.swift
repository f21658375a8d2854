import Platform

/// A device of a region: ranges of its memory, one behind the other.
public struct DaxDevice {
  /// Such as "dax0.1".
  public let name: Text
  let folder: Text
  let bus: DaxBus

  /// Adds a range (`mapping_store`, drivers/dax/bus.c).
  func add(_ range: Range<UInt64>) throws(DaxError) {
    var text = Text()
    text.append(hex: range.lowerBound)
    text.append("-")
    text.append(hex: range.upperBound - 1)
    do throws(Errno) { try SysFile.write(text, folder, "mapping") } catch { throw .range(error) }
  }

  /// Has a driver take it. The driver keeps the name, and takes the device at once if it can (`do_id_store`); the write succeeds either
  /// way.
  func bind(to driver: DaxDriver) throws(DaxError) {
    guard bus.has(driver) else { throw .noDriver(driver) }
    do throws(Errno) {
      try SysFile.write(name, bus.driver(driver), "new_id")
      if isBound(to: driver) { return }
      // Asked again in the way that says what failed.
      try SysFile.write(name, bus.driver(driver), "bind")
      guard isBound(to: driver) else { throw Errno.notSuitable }
    } catch { throw .refused(driver, error) }
  }

  private func isBound(to driver: DaxDriver) -> Bool {
    guard let goal = try? Files.goal(ofSymlink: folder.appending("/driver")), let name = goal.split(UInt8(ascii: "/")).last
    else { return false }
    return name == driver.name
  }

  /// Maps all ranges of a device of `device_dax`, one behind the other.
  ///
  /// - Parameter count: their bytes.
  func map(count: Int) throws(Errno) -> Mapping {
    let file = try FileDescriptor.open(bus.node(name), flags: FileDescriptor.readWrite)
    return try Mapping(of: file, offset: 0, count: count, access: .readWrite)
  }

  /// Takes it from its driver, and gives its ranges back to the region. RAM that is in use stays RAM (`dev_dax_kmem_remove`).
  public func giveBack(from driver: DaxDriver) {
    try? SysFile.write(name, bus.driver(driver), "unbind")
    // Else a later device of this name would be the driver's.
    try? SysFile.write(name, bus.driver(driver), "remove_id")
    empty()
  }

  /// Gives the ranges of a device without a driver back, and has the region forget it, which keeps one device, its seed, in any case.
  func empty() {
    try? SysFile.write("0", folder, "size")
    try? SysFile.write(name, folder.appending("/../dax_region"), "delete")
  }
}
