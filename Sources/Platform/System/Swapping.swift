import CPlatform

/// Devices that the kernel swaps to.
public enum Swapping {
  /// EBUSY if somebody has the device; EINVAL if it has no header of a swap area. The corresponding C function is `swapon`.
  public static func turnOn(_ device: Text) throws(Errno) { try Errno.check(device.withCString { swapon($0, 0) }) }

  /// Brings all of it back into memory, or to other swap. ENOMEM if there is no room; EINVAL if it is not on. The corresponding C function is
  /// `swapoff`.
  public static func turnOff(_ device: Text) throws(Errno) { try Errno.check(device.withCString { swapoff($0) }) }
}
