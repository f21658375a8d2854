import Platform

/// The regular files at the top of an initramfs, such as dracut's `/shutdown`, or what an administrator includes there. In old memory, such
/// a file has a symlink to it at its place.
///
/// A directory is bind-mounted at its place. For a file, a symlink breaks less and takes less memory:
/// - A mount point can't be removed, replaced or renamed (EBUSY; `is_local_mountpoint`, fs/namei.c of 6.12), as `sed -i` and `mv` do.
///   With a symlink they work as ever.
/// - A running program's file is replaced at once, by a rename. A file under a mount could only be cut short to free its memory, which the
///   program would see.
/// - A mount takes a `struct mount`, an empty file below it, and a unit of systemd's with a file of its own (`MountUnits`). A symlink takes
///   its goal beside the inode in a tmpfs (`shmem_symlink`, mm/shmem.c of 6.12), and a page in a ramfs (`page_symlink`, fs/ramfs/inode.c).
///
/// Open, exec, `test -f` and `test -x` follow a symlink; lstat(2) tells the difference. When the daemon is dead, a file fails with ENOTCONN
/// in either way. After `umount /oldmem` a bind mount would still be there; a symlink leads nowhere.
enum TopLevelFile {
  /// Whether less memory is in use once a file of this size has become a symlink.
  static func savesMemory(_ bytes: Int64) -> Bool { bytes > 4096 }

  /// Whether it must not go with the daemon: process 1's program, and the first stage's own files.
  static func isNeeded(_ name: Text) -> Bool { name == "init" || name.hasPrefix("oldmemfs") }
}
