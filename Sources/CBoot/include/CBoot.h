// What an init needs of libc that Swift can't reach by itself (macros, variadic functions, constants), and liblzma.
#ifndef CBOOT_H
#define CBOOT_H

// First, so that libc's structures are the same to Swift in both modules.
#include "CPlatform.h"
#include <lzma.h>
#include <sys/mount.h>
#include <sys/statfs.h>

/// Loads a kernel module from an open file. 0, or -1 and errno. The corresponding C function is `finit_module`.
int cboot_load_module(int descriptor);
/// Makes a device node, a fifo or a socket. 0, or -1 and errno. The corresponding C function is `mknod`.
int cboot_make_node(const char *_Nonnull path, mode_t mode, uint32_t major, uint32_t minor);
/// Frees the blocks of a part of a file, which keeps its size; refused by some file systems, which is no error here.
void cboot_punch_hole(int descriptor, uint64_t offset, uint64_t count);
/// Sets owner, times (seconds since 1970) and, for what is no symbolic link, the mode of a path, in the order in which
/// none undoes another. 0, or -1 and errno.
int cboot_set_attributes(const char *_Nonnull path, mode_t mode, uid_t uid, gid_t gid, int64_t seconds);
/// Opens a file below an open directory, to read it. The corresponding C function is `openat`.
int cboot_open_at(int directory, const char *_Nonnull path);
/// Orphans of this process's children become its own children. The corresponding C function is `prctl(PR_SET_CHILD_SUBREAPER)`.
int cboot_adopt_orphans(void);
/// Ends this kernel at once, by name of the reboot(2) command: 'r'eboot, 'p'ower off, 'h'alt. Returns only if that failed.
void cboot_end_kernel(char how);
/// Replaces this program; `words` ends with NULL. Returns only on failure. The corresponding C function is `execv`.
void cboot_execute(const char *_Nonnull path, char *_Nullable const *_Nonnull words);
/// Whether anything is mounted on a directory by a file system of type `magic` (statfs(2)).
int cboot_is_mounted(const char *_Nonnull path, long magic);

#define CBOOT_FUSE_MAGIC 0x65735546L // linux/magic.h

#endif
