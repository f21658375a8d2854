// Memory safety: each request to the kernel is an array of its own, as long as its header says.
import Platform

/// A part of a block device, in sectors of 512 bytes.
public struct SectorRange: Equatable, Sendable {
  /// The device.
  public let device: DeviceNumber
  public let first: UInt64
  public let count: UInt64

  public init(device: DeviceNumber, first: UInt64, count: UInt64) {
    self.device = device
    self.first = first
    self.count = count
  }
}

/// A block device that device mapper makes of parts of others, one after the other: the target "linear", one for each part.
///
/// Each request is a `struct dm_ioctl` of 312 bytes, and what follows it (include/uapi/linux/dm-ioctl.h). The driver answers into the same
/// bytes.
public struct LinearDevice {
  private let control: Text
  private let name: Text

  /// - Parameter name: device mapper's name for it.
  public init(name: Literal, control: Text = Text("/dev/mapper/control")) {
    self.name = Text(name)
    self.control = control
  }

  /// Its node.
  public static func path(_ number: DeviceNumber) -> Text { Text("/dev/dm-%", UInt64(number.minor)) }

  /// The device's number; nil if there is none of this name.
  public var number: DeviceNumber? { (try? ask(.status, DeviceMapperRequest(name).bytes))?.deviceNumber }

  /// Makes the device. EBUSY if there is one of this name.
  public func make(of parts: [SectorRange]) throws(Errno) -> DeviceNumber {
    let number = try ask(.create, DeviceMapperRequest(name).bytes).deviceNumber
    do throws(Errno) {
      _ = try ask(.load, DeviceMapperRequest(name).loading(parts))
      // Without the flag for it, this resumes the device, with the new table.
      _ = try ask(.suspend, DeviceMapperRequest(name).bytes)
    } catch {
      try? remove()
      throw error
    }
    return number
  }

  /// EBUSY if somebody still has it after 2 seconds: udev looks into each new device, and into one whose swap has ended. ENXIO if there is
  /// none.
  public func remove() throws(Errno) {
    for _ in 0..<20 {
      do throws(Errno) {
        _ = try ask(.remove, DeviceMapperRequest(name).bytes)
        return
      } catch { guard error == .busy else { throw error } }
      ThisProcess.sleep(milliseconds: 100)
    }
    throw .busy
  }

  /// The parts that it is made of; none if there is no such device.
  public var parts: [SectorRange] {
    // Room for as many parts as `make` gets.
    guard let answer = try? ask(.table, DeviceMapperRequest(name).asking(room: 1 << 18)) else { return [] }
    return answer.parts
  }

  private enum Command: UInt {
    // Numbers of include/uapi/linux/dm-ioctl.h.
    case create = 3
    case remove = 4
    case suspend = 6
    case status = 7
    case load = 9
    case table = 12
  }

  /// `_IOWR(0xfd, COMMAND, struct dm_ioctl)`
  private func ask(_ command: Command, _ request: [UInt8]) throws(Errno) -> DeviceMapperAnswer {
    let file = try FileDescriptor.open(control, flags: FileDescriptor.readWrite)
    var bytes = request
    var failed: Errno?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(Errno) {
        try file.control(3 << 30 | UInt(DeviceMapperRequest.headerSize) << 16 | 0xfd << 8 | command.rawValue, buffer)
      } catch { failed = error }
    }
    if let failed { throw failed }
    return DeviceMapperAnswer(bytes: bytes)
  }
}

/// A request to device mapper, as bytes.
struct DeviceMapperRequest {
  private(set) var bytes = [UInt8](repeating: 0, count: Self.headerSize)

  static var headerSize: Int { 312 }
  /// `struct dm_target_spec`
  static var targetSize: Int { 40 }
  /// `DM_STATUS_TABLE_FLAG`: the table rather than its state.
  private static var tableFlag: UInt32 { 1 << 4 }

  /// A request about the device of a name.
  init(_ name: Text) {
    // The interface's version: every kernel's is 4, and this asks for nothing newer.
    bytes.put(UInt32(4), at: 0)
    setSize()
    bytes.put(UInt32(Self.headerSize), at: 16)
    bytes.put(name, at: 48)
  }

  private mutating func setSize() { bytes.put(UInt32(bytes.count), at: 12) }

  /// The request with the table of these parts.
  func loading(_ parts: [SectorRange]) -> [UInt8] {
    var request = self
    request.bytes.put(UInt32(parts.count), at: 20)
    var start: UInt64 = 0
    for part in parts {
      let place = request.bytes.count
      // "DEVICE FIRST", a NUL, and up to the next multiple of 8.
      let words = Text("%:% %", UInt64(part.device.major), UInt64(part.device.minor), part.first)
      let size = (Self.targetSize + words.bytes.count + 1 + 7) / 8 * 8
      request.bytes.append(contentsOf: [UInt8](repeating: 0, count: size))
      request.bytes.put(start, at: place)
      request.bytes.put(part.count, at: place + 8)
      // Where the next is, from this one.
      request.bytes.put(UInt32(size), at: place + 20)
      request.bytes.put(Text("linear"), at: place + 24)
      request.bytes.put(words, at: place + Self.targetSize)
      start += part.count
    }
    request.setSize()
    return request.bytes
  }

  /// The request for the table, with so much room for it.
  func asking(room: Int) -> [UInt8] {
    var request = self
    request.bytes.put(Self.tableFlag, at: 28)
    request.bytes.append(contentsOf: [UInt8](repeating: 0, count: room))
    request.setSize()
    return request.bytes
  }
}

/// Device mapper's answer, in the bytes of the request.
struct DeviceMapperAnswer {
  let bytes: [UInt8]

  /// The kernel's `huge_encode_dev` (include/linux/kdev_t.h) is what userspace has.
  var deviceNumber: DeviceNumber { DeviceNumber(rawValue: bytes.integer(at: 40, bytes: 8)) }

  /// The linear targets of a table. A field `next` counts from the table's start (`retrieve_status`, drivers/md/dm-ioctl.c).
  var parts: [SectorRange] {
    var parts: [SectorRange] = []
    let start = Int(bytes.integer(at: 16, bytes: 4))
    var place = start
    for _ in 0..<bytes.integer(at: 20, bytes: 4) {
      guard place + DeviceMapperRequest.targetSize < bytes.count else { break }
      let end = bytes[(place + DeviceMapperRequest.targetSize)...].firstIndex(of: 0) ?? bytes.count
      let words = Text(bytes: bytes[place + DeviceMapperRequest.targetSize..<end]).split(UInt8(ascii: " "))
      if words.count == 2, let device = DeviceNumber(words[0]), let first = words[1].number() {
        parts.append(SectorRange(device: device, first: first, count: bytes.integer(at: place + 8, bytes: 8)))
      }
      place = start + Int(bytes.integer(at: place + 20, bytes: 4))
    }
    return parts
  }
}
