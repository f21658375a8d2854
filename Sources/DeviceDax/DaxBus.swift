import Platform

/// Device dax, the bus of memory that is given out in ranges, to one driver or another. All of it is done in sysfs
/// (Documentation/ABI/testing/sysfs-bus-dax).
public struct DaxBus {
  private let root: Text
  private let loads: Bool

  /// - Parameters:
  ///   - root: below which `/sys`, `/dev` and `/proc` are; nothing for this machine's.
  ///   - loads: whether modules may be loaded that are not there.
  public init(root: Text = Text(), loads: Bool = true) {
    self.root = root
    self.loads = loads
  }

  func driver(_ driver: DaxDriver) -> Text { Text("%/sys/bus/dax/drivers/%", root, Text(driver.name)) }

  /// The character device of a device of this name.
  func node(_ name: Text) -> Text { Text("%/dev/%", root, name) }

  private func device(_ name: Text) -> DaxDevice { DaxDevice(name: name, folder: Text("%/sys/bus/dax/devices/%", root, name), bus: self) }

  /// Whether a driver is there.
  public func has(_ driver: DaxDriver) -> Bool { Files.exists(self.driver(driver)) }

  /// The regions whose ranges can be chosen, in order of address. Those of persistent memory are fixed (`is_static`, drivers/dax/bus.c), and
  /// left out.
  public var regions: [DaxRegion] {
    var numbers: [Text] = []
    var regions: [DaxRegion] = []
    for name in Files.names(in: root.appending("/sys/bus/dax/devices")) {
      // 'daxREGION.DEVICE'
      guard let number = name.split(UInt8(ascii: ".")).first, !numbers.contains(where: { $0.bytes == number.bytes }) else { continue }
      numbers.append(number)
      // A device's folder lies beside that of its region, which outlives the device.
      guard let folder = try? FileDescriptor.absolutePath(device(name).folder.appending("/../dax_region")),
        let region = DaxRegion(folder, self)
      else { continue }
      regions.append(region)
    }
    regions.insertionSort { $0.range.lowerBound < $1.range.lowerBound }
    return regions
  }

  /// A region's seed, the device that is to be given memory next; a new one where there is none (`create_store`). nil if there can be none,
  /// or somebody else is giving it memory.
  func idleDevice(ofRegion region: Text) -> DaxDevice? {
    var name = SysFile.text(region, "seed")
    if name.bytes.isEmpty {
      do throws(Errno) { try SysFile.write("1", region, "create") } catch { return nil }
      name = SysFile.text(region, "seed")
    }
    guard !name.bytes.isEmpty else { return nil }
    let device = device(name)
    return SysFile.text(device.folder, "size").number() == 0 ? device : nil
  }
}

extension DaxBus {
  /// Has the kernel's own loader load a driver that is not there, and the module that makes the regions: it knows this kernel's modules.
  public func load(_ driver: DaxDriver) throws(Errno) {
    guard loads, !has(driver) || !Files.exists(root.appending("/sys/bus/platform/drivers/hmem")) else { return }
    for words in ["dax_hmem region_idle=1", driver.name] as [Literal] { try ModuleLoader.load(words, root: root) }
  }
}

/// A driver of device dax.
public enum DaxDriver: BitwiseCopyable, Sendable {
  /// Makes RAM of memory (drivers/dax/kmem.c).
  case kmem
  /// Makes a character device of it that can be mapped (drivers/dax/device.c).
  case deviceDax

  /// Its name, and its module's.
  public var name: Literal {
    switch self {
    case .kmem: return "kmem"
    case .deviceDax: return "device_dax"
    }
  }
}

/// Why a range of memory could not be given to a driver.
public enum DaxError: Error, BitwiseCopyable, Describable {
  /// The region makes no more devices.
  case noDevice
  /// The kernel does not give the range out.
  case range(Errno)
  /// The driver is not there.
  case noDriver(DaxDriver)
  /// The driver was asked, and did not take it.
  case refused(DaxDriver, Errno)

  /// What the kernel answered; ENODEV where it was not asked.
  public var errno: Errno {
    switch self {
    case .range(let error), .refused(_, let error): return error
    case .noDevice, .noDriver: return .notSuitable
    }
  }

  public func describe(to text: inout Text) {
    switch self {
    case .noDevice: text.append("device dax makes no further device")
    case .range(let error): text.append("device dax does not give it out: %", error.text)
    case .noDriver(let driver): text.append("the driver % is not there", Text(driver.name))
    case .refused(let driver, let error):
      text.append("% does not take it: % (the kernel's log may say more)", Text(driver.name), error.text)
    }
  }
}
