// Memory safety: the words of a structure are this file's own, and are filled within their count.
import Platform
import Vmcore

/// The private data of a page of page cache: the buffer heads by which file systems read and write their metadata, or another
/// structure.
///
/// A page that `submit_bh` has under way (fs/buffer.c; ext2, ext4, FAT, gfs2 and jbd2 use it) is neither locked nor under
/// writeback, and has no reference for it: only its buffer is locked. When jbd2 commits, it writes from the page by a buffer head of its
/// own, and the page's own buffer has nothing but `BH_Shadow` (`jbd2_journal_write_metadata_buffer`, fs/jbd2/journal.c). So private data
/// is inspected; if its kind is unknown, the page is left alone.
struct BufferHeads {
  private let core: Vmcore

  /// Buffers of 512 bytes, the smallest, in a page.
  private static var mostInPage: UInt64 { 8 }
  /// Private data below this, or odd, are numbers and flags: of btrfs's data, f2fs, ubifs.
  private static var firstPointer: UInt64 { PFN.pageSize }

  init(_ core: Vmcore) { self.core = core }

  /// Whether a device may still use a page through its buffers. True as well if the private data is of an unknown kind.
  ///
  /// - Parameters:
  ///   - page: the struct page, or a folio's head, of page cache that has private data.
  ///   - address: the struct page's own address, which its buffer heads have.
  ///   - pages: how many pages the folio has.
  @inline(never)
  func mayBeBusy(_ page: StructPage, at address: UInt64, pages: UInt64) -> Bool {
    let first = page.privateData
    guard first >= Self.firstPointer, first & 1 == 0 else { return !isOfFile(page.mapping) }
    guard var head = BufferHead(at: first, core) else { return true }
    guard head.page == address else { return !head.isIdleState || !isOfFile(page.mapping) }
    var bytes: UInt64 = 0
    for _ in 0..<pages * Self.mostInPage {
      guard head.page == address, !head.isBusy, head.size <= pages * PFN.pageSize else { return true }
      bytes += head.size
      if head.next == first { return bytes != pages * PFN.pageSize }
      guard let next = BufferHead(at: head.next, core) else { return true }
      head = next
    }
    // A ring that does not close.
    return true
  }

  /// Whether a mapping is that of a regular file, a directory or a symlink: a block device's pages have buffers or nothing, and a file
  /// system's own (btrfs's trees) are its metadata. `host` is the first field of `struct address_space`,
  /// `i_mode` the first of `struct inode` (include/linux/fs.h, 5.10 to 7.x).
  private func isOfFile(_ mapping: UInt64) -> Bool {
    guard let host = word(mapping), let mode = word(host) else { return false }
    // S_IFMT, S_IFREG, S_IFDIR and S_IFLNK (include/uapi/linux/stat.h).
    let kind = mode & 0o170000
    return kind == 0o100000 || kind == 0o040000 || kind == 0o120000
  }

  private func word(_ address: UInt64) -> UInt64? { core.words(InlineArray<1, UInt64>(repeating: 0), at: address)?[0] }
}

/// The fields that matter of a `struct buffer_head` (include/linux/buffer_head.h; its first seven words are the same from 5.10 to 7.2, where
/// `b_end_io` behind them is gone).
private struct BufferHead {
  /// `b_this_page`: the next buffer of the same page, in a ring.
  let next: UInt64
  /// `b_page`, or `b_folio` since d685c668b069 ("buffer: add b_folio as an alias of b_page", 6.3).
  let page: UInt64
  /// `b_size`, in bytes.
  let size: UInt64
  /// A device may be reading or writing it.
  let isBusy: Bool
  /// Read as iomap's state of a folio with smaller blocks (`struct iomap_folio_state`, fs/iomap/buffered-io.c, `iomap_page` until 6.5),
  /// it is at rest: its first 12 bytes are a free lock and the counts of bytes being read and written, all zero. No other structure is
  /// known to begin so: btrfs's `struct extent_buffer`, whose pages are neither locked nor referenced while they are read
  /// (since "btrfs: fix broken drop_caches on extent buffer folios", 2025), begins with `start`, its logical address.
  let isIdleState: Bool

  /// `BH_Lock`, `BH_Async_Read`, `BH_Async_Write` (`enum bh_state_bits`), and all from `BH_PrivateStart` on, 16, 17 in 7.2: among them
  /// `BH_Shadow` (`enum jbd_state_bits`, include/linux/jbd2.h) and gfs2's `BH_Pinned`.
  private static var busyBits: UInt64 { 1 << 2 | 1 << 6 | 1 << 7 | UInt64.max << 16 }

  /// nil if nothing can be read there.
  init?(at address: UInt64, _ core: Vmcore) {
    guard let words = core.words(InlineArray<5, UInt64>(repeating: 0), at: address) else { return nil }
    next = words[1]
    page = words[2]
    size = words[4]
    isBusy = words[0] & Self.busyBits != 0
    isIdleState = words[0] == 0 && UInt32(truncatingIfNeeded: words[1]) == 0
  }
}

extension Vmcore {
  /// The words at an address of the direct map, where the kernel has all of its slabs; nil if they can't be read.
  fileprivate func words<let count: Int>(_ empty: InlineArray<count, UInt64>, at address: UInt64) -> InlineArray<count, UInt64>? {
    guard address % 8 == 0, let physical = physical(ofDirect: address) else { return nil }
    var words = empty
    let isRead = withUnsafeMutableBytes(of: &words) { buffer -> Bool in
      do throws(VmcoreError) { try glance(physical, into: buffer) } catch { return false }
      return true
    }
    return isRead ? words : nil
  }
}
