import Platform

/// Memory as this kernel adds it and takes it away: in blocks of one size (Documentation/admin-guide/mm/memory-hotplug.rst).
public struct MemoryBlocks {
  /// The bytes of a block.
  public let size: UInt64
  private let folder: Text

  /// nil if this kernel can't add memory.
  ///
  /// - Parameter sysfs: where sysfs is mounted.
  public init?(sysfs: Text = Text("/sys")) {
    folder = sysfs.appending("/devices/system/memory")
    guard let size = SysFile.text(folder, "block_size_bytes").number(radix: 16), size > 0, size & (size - 1) == 0 else { return nil }
    self.size = size
  }

  /// Brings the blocks that `body` adds online at once, for the kernel's own use as well: the memory of one can have the `struct page`s of
  /// the next.
  public func onlining(_ body: () -> Void) {
    let before = SysFile.text(folder, "auto_online_blocks")
    try? SysFile.write("online_kernel", folder, "auto_online_blocks")
    body()
    try? SysFile.write(before, folder, "auto_online_blocks")
  }

  /// Brings a block online unless it is.
  ///
  /// - Parameter start: its address in physical memory, in bytes.
  public func bringOnline(at start: UInt64) throws(Errno) {
    let block = Text("%/memory%", folder, Text("%", start / size))
    guard !(SysFile.text(block, "state") == "online") else { return }
    try SysFile.write("online_kernel", block, "state")
  }
}
