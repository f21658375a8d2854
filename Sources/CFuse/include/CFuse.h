// libfuse's low-level API, and the few things of it that only C can say.
#ifndef CFUSE_H
#define CFUSE_H

// 3.12 is what Debian 12's libfuse (3.14) knows as its newest low-level API.
#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>
#include <fuse3/fuse_opt.h>
#include <stdbool.h>

/// The library's version as it was built against: 314 for 3.14.
int cfuse_version(void);

/// Keeps the library's own messages instead of printing them: the last is to be had from `cfuse_last_message`.
void cfuse_keep_messages(void);
/// The last message of the library's, without its line end; empty if there was none.
const char *_Nonnull cfuse_last_message(void);

/// FUSE_ROOT_ID and the like as typed constants, since Swift does not see every macro.
static const uint64_t cfuse_root_id = FUSE_ROOT_ID;

/// The size of the session's request buffer that the library allocates for `max_write` bytes of data.
#define CFUSE_HEADER_BYTES 4096

#endif
