#define _GNU_SOURCE
#include "CBoot.h"

#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

int cboot_load_module(int descriptor) { return (int)syscall(SYS_finit_module, descriptor, "", 0); }

int cboot_make_node(const char *path, mode_t mode, uint32_t major, uint32_t minor) {
  return mknod(path, mode, makedev(major, minor));
}

void cboot_punch_hole(int descriptor, uint64_t offset, uint64_t count) {
  (void)fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)count);
}

int cboot_set_attributes(const char *path, mode_t mode, uid_t uid, gid_t gid, int64_t seconds) {
  struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
  if (lchown(path, uid, gid) != 0) return -1;
  // After the owner: chown clears setuid and setgid.
  if (!S_ISLNK(mode) && chmod(path, mode & 07777) != 0) return -1;
  return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

int cboot_open_at(int directory, const char *path) { return openat(directory, path, O_RDONLY | O_CLOEXEC); }

int cboot_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

void cboot_end_kernel(char how) {
  reboot(how == 'p' ? RB_POWER_OFF : how == 'h' ? RB_HALT_SYSTEM : RB_AUTOBOOT);
}

void cboot_execute(const char *path, char *const *words) { execv(path, words); }

int cboot_is_mounted(const char *path, long magic) {
  struct statfs status;
  return statfs(path, &status) == 0 && status.f_type == magic;
}
