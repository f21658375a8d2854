import Frames

/// Doomed files: they have no name and nobody has them open, but the kernel still refers to them. It says that it forgets them
/// a little after the unlink(2) or close(2) that was their end, so their frames and inodes count as free already, and are taken
/// from them when there are no others.
///
/// Somebody may still hold a descriptor of one that is not open (O_PATH) and open it by that: it is all there as long as its
/// frames were not needed, and stale from then on.
extension FileSystem where Store: ~Copyable {
  /// Follows a change of an inode's links or opens.
  func noteUse(of handle: UInt32) {
    let isDoomed = inodes[handle].links == 0 && inodes[handle].cachedOpens == 0 && inodes[handle].directOpens == 0
    guard isDoomed != inodes[handle].isDoomed else { return }
    inodes[handle].isDoomed = isDoomed
    if isDoomed {
      doomedInodes += 1
      doomedFrames += inodes[handle].frames
    } else {
      doomedInodes -= 1
      doomedFrames -= inodes[handle].frames
    }
  }

  /// Frees the frames of all doomed files.
  func takeDoomedFrames() {
    guard doomedFrames > 0 else { return }
    for handle in inodes.handles where inodes[handle].isDoomed && inodes[handle].frames > 0 {
      releaseBlocks(of: handle, 0..<UInt64.max)
      inodes[handle].isLost = true
    }
  }

  /// Inodes in use as tmpfs counts them: each name of a file but its first counts as one (`shmem_link`, mm/shmem.c).
  var usedInodes: UInt64 { UInt64(inodes.count) - doomedInodes + furtherLinks }

  /// Makes sure that `nr_inodes` allows one more.
  func checkInodeLimit() throws(FileSystemError) {
    if let most = limits.inodes, usedInodes >= most { throw .noSpace }
  }
}
