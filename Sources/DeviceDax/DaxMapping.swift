// Memory safety: `bytes` lie within the mapping, which lives as long as this object.
import Platform

/// Ranges of a region that are mapped into this process, one behind the other. They are given back with this object.
public final class DaxMapping {
  private let device: DaxDevice
  private var mapping: Mapping?
  public let bytes: UnsafeMutableRawBufferPointer

  /// - Parameter ranges: in bytes, and in multiples of 2 MiB; none empty.
  public init(_ ranges: [Range<UInt64>], of region: DaxRegion) throws(DaxError) {
    device = try region.give(ranges, to: .deviceDax)
    do throws(Errno) {
      let mapping = try device.map(count: ranges.reduce(0) { $0 + $1.count })
      bytes = mapping.bytes
      self.mapping = consume mapping
    } catch {
      device.giveBack(from: .deviceDax)
      throw .refused(.deviceDax, error)
    }
  }

  deinit {
    mapping = nil
    device.giveBack(from: .deviceDax)
  }
}
