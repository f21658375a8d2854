import Platform

/// The image of this kernel's initramfs, which stays in memory where the command line has `retain_initrd`.
struct KeptImage {
  /// The file that shows it.
  let path: Text
  /// Where it lies in that file, in bytes.
  let place: Range<UInt64>

  /// Finds it. Linux has a file of it since 6.8. Before, it is read where the boot loader put it in memory, through `/proc/kcore`; lockdown
  /// at "integrity" lets that pass.
  ///
  /// - Parameter root: below which `/sys` and `/proc` are; nothing for this machine's.
  static func find(below root: Text = Text()) throws(PayloadError) -> KeptImage {
    let path = root.appending("/sys/firmware/initrd")
    do throws(Errno) {
      let size = try FileDescriptor.open(path, flags: FileDescriptor.readOnly).size()
      return KeptImage(path: path, place: 0..<size)
    } catch {
      guard error == .noEntry else { throw .unreadable(path, error) }
    }
    let memory = root.appending("/proc/kcore")
    do throws(Errno) {
      let image = try physical(root)
      let file = try FileDescriptor.open(memory, flags: FileDescriptor.readOnly)
      return KeptImage(path: memory, place: try place(of: image, in: file))
    } catch { throw .unreadable(memory, error) }
  }

  /// Where the boot loader put it, in bytes of physical memory: `ramdisk_image`, `ramdisk_size` and their upper halves in the boot
  /// parameters (Documentation/arch/x86/zero-page.rst).
  private static func physical(_ root: Text) throws(Errno) -> Range<UInt64> {
    let path = root.appending("/sys/kernel/boot_params/data")
    let parameters = ByteReader(bytes: try FileDescriptor.open(path, flags: FileDescriptor.readOnly).contents(limit: 4096))
    guard let lowStart = parameters.u32(0x218), let highStart = parameters.u32(0xc0), let lowSize = parameters.u32(0x21c),
      let highSize = parameters.u32(0xc4)
    else { throw .invalid }
    let start = lowStart | highStart << 32
    let size = lowSize | highSize << 32
    guard start > 0, size > 0, size < 1 << 40, start < 1 << 52 else { throw .noEntry }
    return start..<start + size
  }

  /// Where a range of physical memory lies in an ELF64 core file (elf(5)), in which a PT_LOAD has all of it.
  private static func place(of range: Range<UInt64>, in core: borrowing FileDescriptor) throws(Errno) -> Range<UInt64> {
    let header = try core.bytes(64, at: 0)
    guard header.count == 64, Text(bytes: header[1..<4]) == "ELF", header[4] == 2 else { throw .invalid }
    let fields = ByteReader(bytes: header)
    guard let size = fields.u16(54), size >= 56, let count = fields.u16(56), let start = fields.u64(32) else { throw .invalid }
    let table = ByteReader(bytes: try core.bytes(Int(count * size), at: start))
    for index in 0..<Int(count) {
      let entry = index * Int(size)
      guard let type = table.u32(entry), let offset = table.u64(entry + 8), let physical = table.u64(entry + 24),
        let length = table.u64(entry + 40)
      else { break }
      guard type == 1, physical <= range.lowerBound, range.upperBound - physical <= length else { continue }
      let start = offset &+ (range.lowerBound - physical)
      guard start < UInt64(Int64.max) - UInt64(range.count) else { throw .invalid }
      return start..<start + UInt64(range.count)
    }
    throw .noEntry
  }
}
