// Page frames and their flags, from /proc/self/pagemap and /proc/kpageflags
// (Documentation/admin-guide/mm/pagemap.rst).
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hard.h"
#include "labguest.h"

uint64_t frame_of(const void *page) {
  static int map = -1;
  uint64_t entry;
  if (map < 0) map = open("/proc/self/pagemap", O_RDONLY);
  if (map < 0 || pread(map, &entry, sizeof entry, (uintptr_t)page / block_size * sizeof entry) != sizeof entry)
    fail("read of pagemap");
  errno = 0;
  if (!(entry >> 63)) fail("a page that is not present");
  // Bits 0 to 54, which are zero for a process without CAP_SYS_ADMIN.
  uint64_t frame = entry & ((1ULL << 55) - 1);
  if (frame == 0) fail("pagemap hides the frames");
  return frame;
}

static uint64_t frames;
// The flags that a frame had at every look, and those that it had at any look.
static uint64_t *always, *ever;

static uint64_t *read_flags(uint64_t *count) {
  size_t size = 0, room = mebibyte;
  unsigned char *bytes = allocate(room);
  int file = open("/proc/kpageflags", O_RDONLY);
  if (file < 0) fail("open of kpageflags");
  for (ssize_t got; (got = read(file, bytes + size, room - size)) != 0; size += got) {
    if (got < 0) fail("read of kpageflags");
    if (size + got == room && !(bytes = realloc(bytes, room *= 2))) fail("memory");
  }
  close(file);
  *count = size / sizeof(uint64_t);
  return (uint64_t *)bytes;
}

void look_at_frames(void) {
  free(always), free(ever);
  always = read_flags(&frames);
  ever = allocate(frames * sizeof *ever);
  memcpy(ever, always, frames * sizeof *ever);
}

void look_again(void) {
  uint64_t count;
  look_at_frames();
  free(ever);
  sleep(1);
  ever = read_flags(&count);
  if (count != frames || frames == 0) fail("kpageflags has %llu frames, then %llu", (unsigned long long)frames,
                                           (unsigned long long)count);
  for (uint64_t i = 0; i < frames; i++) {
    uint64_t first = always[i];
    always[i] &= ever[i], ever[i] |= first;
  }
}

uint64_t frame_count(void) { return frames; }

int frame_has(uint64_t frame, uint64_t set, uint64_t clear) {
  if (frame >= frames) return 0;
  uint64_t here = always[frame], seen = ever[frame], head = frame;
  if (here & 1ULL << KPF_COMPOUND_TAIL) {
    // Most kernels keep the flags of a compound page as a whole in its head alone.
    while (head > 0 && always[head] & 1ULL << KPF_COMPOUND_TAIL) head--;
    uint64_t shared = ~(1ULL << KPF_HWPOISON | 1ULL << KPF_COMPOUND_HEAD);
    here |= always[head] & shared, seen |= ever[head] & shared;
  }
  return (here & set) == set && (seen & clear) == 0;
}

void require_flag(const char *kind, const void *memory, size_t bytes, uint64_t flag) {
  look_at_frames();
  errno = 0;
  for (size_t offset = 0; offset < bytes; offset += block_size) {
    uint64_t frame = frame_of((const char *)memory + offset);
    if (!frame_has(frame, flag, 0))
      fail("%s: frame %llu has flags %llx, not %llx", kind, (unsigned long long)frame,
           (unsigned long long)always[frame], (unsigned long long)flag);
  }
}
