import Platform

/// A block device that the kernel swaps to, from its first page on.
public enum SwapArea {
  /// Writes the header of a swap area over the first page of a device, and has the kernel swap to the others. EBUSY if somebody has the
  /// device.
  ///
  /// - Parameter pages: of 4 KiB, that the device has.
  public static func turnOn(_ device: Text, pages: UInt64) throws(Errno) {
    try FileDescriptor.open(device, flags: FileDescriptor.readWrite).write(header(pages: pages), at: 0)
    try Swapping.turnOn(device)
  }

  /// The first page of a swap area (`union swap_header`, include/linux/swap.h): the version, the last page, no bad pages, and the magic bytes at
  /// the page's end. The page itself is never swapped to.
  static func header(pages: UInt64) -> [UInt8] {
    var page = [UInt8](repeating: 0, count: 4096)
    page.put(UInt32(1), at: 1024)
    page.put(UInt32(clamping: pages - 1), at: 1028)
    page.put(Text("SWAPSPACE2"), at: 4096 - 10)
    return page
  }
}

extension Array where Element == UInt8 {
  /// Writes an integer's bytes, the lowest first, at a place.
  mutating func put(_ value: some FixedWidthInteger & UnsignedInteger, at place: Int) {
    var rest = UInt64(value)
    for offset in 0..<value.bitWidth / 8 {
      self[place + offset] = UInt8(truncatingIfNeeded: rest)
      rest >>= 8
    }
  }

  mutating func put(_ text: Text, at place: Int) {
    for offset in text.bytes.indices { self[place + offset] = text.bytes[offset] }
  }

  /// The integer of `count` bytes at a place, the lowest first.
  func integer(at place: Int, bytes count: Int) -> UInt64 {
    var value: UInt64 = 0
    for offset in (0..<count).reversed() { value = value << 8 | UInt64(self[place + offset]) }
    return value
  }
}
