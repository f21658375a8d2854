#define _GNU_SOURCE
#include "CFuse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <fuse3/fuse_log.h>
#include <sys/sysmacros.h>

static char last_message[256];

static void keep(enum fuse_log_level level, const char *format, va_list arguments) {
  (void)level;
  vsnprintf(last_message, sizeof last_message, format, arguments);
  size_t length = strlen(last_message);
  while (length > 0 && last_message[length - 1] == '\n') last_message[--length] = 0;
}

void cfuse_keep_messages(void) { fuse_set_log_func(keep); }

const char *cfuse_last_message(void) { return last_message; }

const char *cfuse_version(void) { return fuse_pkgversion(); }

struct fuse_session *cfuse_session_new(struct fuse_args *arguments, const struct fuse_lowlevel_ops *operations, void *data) {
  return fuse_session_new(arguments, operations, sizeof *operations, data);
}

#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
void cfuse_want(struct fuse_conn_info *connection, uint64_t capabilities) {
  fuse_set_feature_flag(connection, capabilities & connection->capable_ext);
}

void cfuse_decline(struct fuse_conn_info *connection, uint64_t capabilities) { fuse_unset_feature_flag(connection, capabilities); }

bool cfuse_has(const struct fuse_conn_info *connection, uint64_t capabilities) {
  return capabilities != 0 && (connection->capable_ext & capabilities) == capabilities;
}
#else
void cfuse_want(struct fuse_conn_info *connection, uint64_t capabilities) {
  connection->want |= connection->capable & (uint32_t)capabilities;
}

void cfuse_decline(struct fuse_conn_info *connection, uint64_t capabilities) { connection->want &= ~(uint32_t)capabilities; }

bool cfuse_has(const struct fuse_conn_info *connection, uint64_t capabilities) {
  return capabilities != 0 && (connection->capable & capabilities) == capabilities;
}
#endif

void cfuse_set_tmpfile(struct fuse_lowlevel_ops *operations, cfuse_tmpfile function) {
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
  operations->tmpfile = function;
#else
  (void)operations;
  (void)function;
#endif
}

#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 18)
void cfuse_set_statx(struct fuse_lowlevel_ops *operations, cfuse_statx function) { operations->statx = function; }

int cfuse_reply_statx(fuse_req_t request, const struct stat *attributes, struct timespec born, double timeout) {
  struct statx_timestamp times[4];
  const struct timespec from[4] = {attributes->st_atim, attributes->st_mtim, attributes->st_ctim, born};
  for (int index = 0; index < 4; index++) {
    times[index] = (struct statx_timestamp){.tv_sec = from[index].tv_sec, .tv_nsec = (uint32_t)from[index].tv_nsec};
  }
  struct statx answer = {
      .stx_mask = STATX_BASIC_STATS | STATX_BTIME,
      .stx_blksize = (uint32_t)attributes->st_blksize,
      .stx_nlink = (uint32_t)attributes->st_nlink,
      .stx_uid = attributes->st_uid,
      .stx_gid = attributes->st_gid,
      .stx_mode = (uint16_t)attributes->st_mode,
      .stx_ino = attributes->st_ino,
      .stx_size = (uint64_t)attributes->st_size,
      .stx_blocks = (uint64_t)attributes->st_blocks,
      .stx_atime = times[0],
      .stx_mtime = times[1],
      .stx_ctime = times[2],
      .stx_btime = times[3],
      .stx_rdev_major = major(attributes->st_rdev),
      .stx_rdev_minor = minor(attributes->st_rdev),
  };
  return fuse_reply_statx(request, 0, &answer, timeout);
}
#else
void cfuse_set_statx(struct fuse_lowlevel_ops *operations, cfuse_statx function) {
  (void)operations;
  (void)function;
}

int cfuse_reply_statx(fuse_req_t request, const struct stat *attributes, struct timespec born, double timeout) {
  (void)attributes;
  (void)born;
  (void)timeout;
  return fuse_reply_err(request, ENOSYS);
}
#endif
