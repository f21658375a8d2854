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
    do throws(Errno) { try SysFile.write(name, bus.driver(driver), "new_id") } catch { throw .refused(driver) }
    guard let goal = try? Files.goal(ofSymlink: folder.appending("/driver")),
      let name = goal.split(UInt8(ascii: "/")).last, name == driver.name
    else { throw .refused(driver) }
  }

  /// Takes it from its driver, and gives its ranges back to the region. RAM that is in use stays RAM (`dev_dax_kmem_remove`).
  public func giveBack(from driver: DaxDriver) {
    try? SysFile.write(name, bus.driver(driver), "unbind")
    empty()
  }

  /// Gives the ranges of a device without a driver back.
  func empty() { try? SysFile.write("0", folder, "size") }
}
