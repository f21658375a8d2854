// libfuse's low-level API, and the few things of it that only C can say.
#ifndef CFUSE_H
#define CFUSE_H

// 3.12 is what Debian 12's libfuse (3.14) knows as its newest low-level API.
#define FUSE_USE_VERSION 312
// First, so that libc's structures are the same to Swift in both modules.
#include "CPlatform.h"
#include <fuse3/fuse_lowlevel.h>
#include <fuse3/fuse_opt.h>
#include <stdbool.h>

/// The version of the library that is in use, which may be newer than the headers: "3.14.0".
const char *_Nonnull cfuse_version(void);

/// Keeps the library's own messages instead of printing them: the last is to be had from `cfuse_last_message`.
void cfuse_keep_messages(void);
/// The last message of the library's, without its line end; empty if there was none.
const char *_Nonnull cfuse_last_message(void);

/// O_TMPFILE: makes a file without a name and opens it.
typedef void (*cfuse_tmpfile)(fuse_req_t _Nullable, fuse_ino_t, mode_t, struct fuse_file_info *_Nullable);
/// Lets the library ask for such files, where it knows how to (since 3.17); otherwise the kernel says EOPNOTSUPP.
void cfuse_set_tmpfile(struct fuse_lowlevel_ops *_Nonnull operations, cfuse_tmpfile _Nonnull function);

/// statx(2), for what stat(2) has not: FUSE_STATX, since Linux 6.6.
typedef void (*cfuse_statx)(fuse_req_t _Nullable, fuse_ino_t, int flags, int mask, struct fuse_file_info *_Nullable);
/// Lets the library ask for that, where it knows how to (since 3.18); otherwise the kernel goes on without.
void cfuse_set_statx(struct fuse_lowlevel_ops *_Nonnull operations, cfuse_statx _Nonnull function);
/// Answers it: what stat(2) has, and when the file was made. The kernel may keep it for `timeout` seconds.
int cfuse_reply_statx(fuse_req_t _Nullable request, const struct stat *_Nonnull attributes, struct timespec born, double timeout);

/// fuse_session_new, which is a macro since 3.17.
struct fuse_session *_Nullable cfuse_session_new(
    struct fuse_args *_Nonnull arguments, const struct fuse_lowlevel_ops *_Nonnull operations, void *_Nonnull data);

/// Asks for those of some capabilities (FUSE_CAP_…) that the kernel has. Since 3.17 they are kept in 64 bits.
void cfuse_want(struct fuse_conn_info *_Nonnull connection, uint64_t capabilities);
/// Declines capabilities, which the library may want by itself.
void cfuse_decline(struct fuse_conn_info *_Nonnull connection, uint64_t capabilities);
/// Whether the kernel has all of some capabilities; of none it is false.
bool cfuse_has(const struct fuse_conn_info *_Nonnull connection, uint64_t capabilities);

/// FUSE_CAP_DIRECT_IO_ALLOW_MMAP, or 0 where the library has none (before 3.17).
#ifdef FUSE_CAP_DIRECT_IO_ALLOW_MMAP
static const uint64_t cfuse_map_direct = FUSE_CAP_DIRECT_IO_ALLOW_MMAP;
#else
static const uint64_t cfuse_map_direct = 0;
#endif

/// FUSE_ROOT_ID and the like as typed constants, since Swift does not see every macro.
static const uint64_t cfuse_root_id = FUSE_ROOT_ID;

#endif
