import Platform
import RunningKernel
import SwapSpace
import Vmcore

/// Swap in old memory, of which there is one.
enum OldMemorySwap {
  static var device: LinearDevice { LinearDevice(name: "oldmemfs-swap") }

  /// The frames that it may have overwritten.
  static var frames: [Range<UInt64>] {
    let parts = device.parts
    guard !parts.isEmpty else { return [] }
    var frames: [Range<UInt64>] = []
    for namespace in PmemNamespace.all(in: SwapReservation.inForce) {
      guard let device = namespace.device else { continue }
      for part in parts where part.device == device.number {
        let start = namespace.range.lowerBound + part.first * 512
        frames.append(start / PFN.pageSize..<(start + part.count * 512) / PFN.pageSize)
      }
    }
    return frames
  }
}
