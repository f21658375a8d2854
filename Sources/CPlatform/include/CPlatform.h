// The few things of libc and of the CPU that Swift can't reach by itself: macros, variadic functions, errno,
// argv (an Embedded Swift program has no CommandLine), and the CRC32C instruction.
#ifndef CPLATFORM_H
#define CPLATFORM_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/// The number of words on the command line, the program's name included.
int cplatform_argc(void);
/// Word `index` of the command line, NUL-terminated, or NULL beyond the last.
const char *_Nullable cplatform_argv(int index);

/// errno of this thread after a failed call.
int cplatform_errno(void);
/// open(2) with its optional third argument.
int cplatform_open(const char *_Nonnull path, int flags, mode_t mode);
/// openat(2) to read, with O_CLOEXEC.
int cplatform_open_below(int directory, const char *_Nonnull path);
/// pipe2(2) with O_CLOEXEC. 0, or -1 and errno.
int cplatform_pipe(int *_Nonnull reading, int *_Nonnull writing);
/// fallocate(2) with FALLOC_FL_PUNCH_HOLE and FALLOC_FL_KEEP_SIZE.
void cplatform_punch_hole(int fd, uint64_t offset, uint64_t count);
/// prctl(PR_SET_CHILD_SUBREAPER, 1): orphans of this process's children become its own. 0, or -1 and errno.
int cplatform_adopt_orphans(void);
/// mmap(2), with NULL in place of MAP_FAILED.
void *_Nullable cplatform_mmap(int fd, uint64_t offset, size_t count, int protection, int flags);
/// ioctl(2) with a pointer. What the driver answers, or -1 and errno.
int cplatform_ioctl(int fd, unsigned long request, void *_Nonnull argument);
/// mlockall(2) with MCL_CURRENT, MCL_FUTURE and MCL_ONFAULT (linux/mman.h, since 4.4). 0, or -1 and errno.
int cplatform_lock_memory_on_fault(void);
/// prctl(PR_SET_IO_FLUSHER, 1) (since 5.6): this process never waits for its own file system when it allocates. 0, or -1 and errno.
int cplatform_set_io_flusher(void);

/// From now on SIGHUP, SIGINT and SIGTERM (but one that the caller had ignored) are kept for `cplatform_ending_signal`, and interrupt a
/// call that waits. All others whose default action would end the process are ignored, but for those that say that it is broken.
void cplatform_catch_signals(void);
/// The last of SIGHUP, SIGINT and SIGTERM that came since, or 0.
int cplatform_ending_signal(void);

/// From now on a fault of the process itself (SIGILL, which a failed check of Swift's is, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV) is told to the
/// descriptor `log` in one line, before the process ends by it: the signal, the place of the instruction, from the start of the program on, and
/// the address that it touched.
void cplatform_report_faults(int log);

/// CRC32C (Castagnoli, reflected, as SSE 4.2 and ext4 have it) of `count` bytes, continuing from `crc`; 0 to start.
uint32_t cplatform_crc32c(uint32_t crc, const void *_Nonnull bytes, size_t count);

/// The page size of this kernel, in bytes.
uint32_t cplatform_page_size(void);

#endif
