// libfuse's low-level API, and functions for its parts that Swift can't reach.
#ifndef CFUSE_H
#define CFUSE_H

// 3.12 is the newest low-level API that Debian 12's libfuse (3.14) knows.
#define FUSE_USE_VERSION 312
// First, so that libc's structures are the same to Swift in both modules.
#include "CPlatform.h"
#include <fuse3/fuse_lowlevel.h>
#include <fuse3/fuse_opt.h>
#include <stdbool.h>

/// The version of the library in use, which may be newer than the headers: "3.14.0".
const char *_Nonnull cfuse_version(void);

/// Keeps the library's messages instead of printing them: see `cfuse_last_message`.
void cfuse_keep_messages(void);
/// The library's last message, without its line end; empty if there was none.
const char *_Nonnull cfuse_last_message(void);

/// FUSE_TMPFILE (O_TMPFILE): makes a file without a name and opens it.
typedef void (*cfuse_tmpfile)(fuse_req_t _Nullable, fuse_ino_t, mode_t, struct fuse_file_info *_Nullable);
/// Sets the handler, where the library has one (since 3.17); elsewhere open(2) fails with EOPNOTSUPP.
void cfuse_set_tmpfile(struct fuse_lowlevel_ops *_Nonnull operations, cfuse_tmpfile _Nonnull function);

/// FUSE_STATX (statx(2), since Linux 6.6): tells more than stat(2).
typedef void (*cfuse_statx)(fuse_req_t _Nullable, fuse_ino_t, int flags, int mask, struct fuse_file_info *_Nullable);
/// Sets the handler, where the library has one (since 3.18); elsewhere the kernel does without.
void cfuse_set_statx(struct fuse_lowlevel_ops *_Nonnull operations, cfuse_statx _Nonnull function);
/// Replies to it: stat(2)'s attributes and the time of birth. The kernel may cache them for `timeout` seconds.
int cfuse_reply_statx(fuse_req_t _Nullable request, const struct stat *_Nonnull attributes, struct timespec born, double timeout);

/// fuse_session_new, which is a macro since 3.17.
struct fuse_session *_Nullable cfuse_session_new(
    struct fuse_args *_Nonnull arguments, const struct fuse_lowlevel_ops *_Nonnull operations, void *_Nonnull data);

/// Asks for capabilities (FUSE_CAP_…), as far as the kernel has them. Since 3.17 they have 64 bits.
void cfuse_want(struct fuse_conn_info *_Nonnull connection, uint64_t capabilities);
/// Declines capabilities, some of which the library asks for by itself.
void cfuse_decline(struct fuse_conn_info *_Nonnull connection, uint64_t capabilities);
/// Whether the kernel has all of these capabilities; false for 0.
bool cfuse_has(const struct fuse_conn_info *_Nonnull connection, uint64_t capabilities);

/// FUSE_CAP_DIRECT_IO_ALLOW_MMAP, or 0 where the library lacks it (before 3.17).
#ifdef FUSE_CAP_DIRECT_IO_ALLOW_MMAP
static const uint64_t cfuse_map_direct = FUSE_CAP_DIRECT_IO_ALLOW_MMAP;
#else
static const uint64_t cfuse_map_direct = 0;
#endif

#endif
