// The parts of libc and of the CPU that Swift can't reach: macros, variadic functions, errno, argv (Embedded Swift has no
// CommandLine), and the CRC32C instruction.
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/statvfs.h>
#include <sys/swap.h>
#include <sys/vfs.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/// The number of words of the command line, with the program's name.
int cplatform_argc(void);
/// A word of the command line; NULL after the last.
const char *_Nullable cplatform_argv(int index);

/// The commit that the program was built from, if the build named it, and what it was built with.
const char *_Nonnull cplatform_build(void);

/// This thread's errno, after a failed call.
int cplatform_errno(void);
/// open(2) with its third argument.
int cplatform_open(const char *_Nonnull path, int flags, mode_t mode);
/// openat(2) with O_RDONLY and O_CLOEXEC.
int cplatform_open_below(int directory, const char *_Nonnull path);
/// pipe2(2) with O_CLOEXEC. Returns 0, or -1 and errno.
int cplatform_pipe(int *_Nonnull reading, int *_Nonnull writing);
/// fallocate(2) with FALLOC_FL_PUNCH_HOLE and FALLOC_FL_KEEP_SIZE.
void cplatform_punch_hole(int fd, uint64_t offset, uint64_t count);
/// prctl(PR_SET_CHILD_SUBREAPER, 1): orphans among this process's descendants become its children. Returns 0, or -1 and errno.
int cplatform_adopt_orphans(void);
/// mmap(2), with NULL in place of MAP_FAILED.
void *_Nullable cplatform_mmap(int fd, uint64_t offset, size_t count, int protection, int flags);
/// ioctl(2) with a pointer. Returns the driver's result, or -1 and errno.
int cplatform_ioctl(int fd, unsigned long request, void *_Nonnull argument);
/// mlockall(2) with MCL_CURRENT, MCL_FUTURE and MCL_ONFAULT (since 4.4). Returns 0, or -1 and errno.
int cplatform_lock_memory_on_fault(void);
/// prctl(PR_SET_IO_FLUSHER, 1) (since 5.6): this process's allocations never wait for its own file system. Returns 0, or -1 and errno.
int cplatform_set_io_flusher(void);

/// From now on SIGHUP, SIGINT and SIGTERM are kept for `cplatform_ending_signal`, and interrupt a call that waits; one that was ignored
/// stays ignored. The other signals whose default action ends the process are ignored, except those of a fault.
void cplatform_catch_signals(void);
/// The last of SIGHUP, SIGINT and SIGTERM to come since, or 0.
int cplatform_ending_signal(void);
/// The number of the device that a mount's files are on; -1 with errno. A file system that this process serves is asked nothing.
int cplatform_device_of_mount(const char *_Nonnull directory, uint32_t *_Nonnull major, uint32_t *_Nonnull minor);

/// From now on a call that waits is interrupted once in so many seconds; never with 0. After `cplatform_catch_signals`.
void cplatform_tick(int seconds);

/// From now on a fault of the process (SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV) writes a line to the descriptor `log` before it ends the
/// process: the signal, the instruction's offset from the start of the program, and the address that it touched. A failed check of Swift's
/// is SIGILL.
void cplatform_report_faults(int log);

/// Copies bytes past the processor's caches: these need not read the goal's lines first, and keep what is used again. `to` is a multiple of 16,
/// `count` of 64.
void cplatform_copy_past_caches(void *_Nonnull to, const void *_Nonnull from, size_t count);

/// The CRC32C (Castagnoli, reflected, as of SSE 4.2 and ext4) of `count` bytes, continued from `crc`, or started from 0.
uint32_t cplatform_crc32c(uint32_t crc, const void *_Nonnull bytes, size_t count);

/// The page size of this kernel, in bytes.
uint32_t cplatform_page_size(void);

#endif
