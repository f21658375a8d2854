import Frames
import Platform

/// Checking what nobody reads: stray DMA of the crashed machine may hit any frame.
extension FileSystem where Store: ~Copyable {
  /// Whether files, or orphans, have frames that could be checked.
  public var hasFrames: Bool { inodes.usedFrames + inodes.orphanFrames > 0 }

  /// Checks the next written block, in the order of inodes and of blocks in them. A pass goes on from where it is, whatever has changed
  /// since. Returns false where it ends; the next call begins another one.
  public func scrubNext() throws(FileSystemError) -> Bool {
    guard let (handle, extent) = extents.next(from: scrubPlace) else {
      scrubPlace = MapKey(owner: 0, position: 0)
      scrubs += 1
      return false
    }
    if scrubPlace.owner != handle || scrubPlace.position < extent.block { scrubPlace = MapKey(owner: handle, position: extent.block) }
    let block = scrubPlace.position
    // What was only reserved holds old contents, and has no checksum.
    scrubPlace.position = extent.isReserved ? extent.end : block + 1
    guard !extent.isReserved else { return true }
    let frame = extent.frame(of: block)
    try storing("check", handle, block, in: frame) { store throws(StoreError) in try store.check(frame) }
    return true
  }
}
