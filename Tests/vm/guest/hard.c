// hard: makes pages that a busy kernel has when it crashes, and an idle one lacks: pages under DMA, locked, poisoned or
// offline. It lists their frames for the host.
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hard.h"
#include "labguest.h"

static FILE *list;
static const char *list_path;

// ---------------------------------------------------------------- the list

static int by_number(const void *a, const void *b) {
  uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return left < right ? -1 : left > right;
}

void open_list(const char *path, const char *mode) {
  list = fopen(list_path = path, mode);
  if (!list) fail("create %s", path);
}

// Not sync(2): with a stopped disk it would never end.
void sync_list(void) {
  if (fflush(list) != 0 || fsync(fileno(list)) != 0) fail("write of %s", list_path);
}

void leave_list(void) { close(fileno(list)); }

void close_list(void) {
  sync_list();
  if (fclose(list) != 0) fail("write of %s", list_path);
}

// Writes runs of adjacent frames. A frame that occurs twice (a page that is mapped twice) counts once.
static void list_frames(Rule rule, const char *kind, uint64_t *frames, size_t count) {
  qsort(frames, count, sizeof *frames, by_number);
  for (size_t i = 0; i < count;) {
    uint64_t first = frames[i], end = first + 1;
    for (i++; i < count && frames[i] <= end; i++) end = frames[i] + 1;
    fprintf(list, "%s %s %llu %llu\n", rule == never ? "never" : "may", kind, (unsigned long long)first,
            (unsigned long long)(end - first));
  }
}

void list_memory(Rule rule, const char *kind, const void *memory, size_t bytes) {
  size_t count = bytes / block_size;
  uint64_t *frames = allocate(count * sizeof *frames);
  for (size_t i = 0; i < count; i++) frames[i] = frame_of((const char *)memory + i * block_size);
  list_frames(rule, kind, frames, count);
  free(frames);
}

uint64_t list_flagged(Rule rule, const char *kind, uint64_t set, uint64_t clear) {
  uint64_t total = frame_count(), count = 0, *frames = allocate(total * sizeof *frames);
  for (uint64_t frame = 0; frame < total; frame++)
    if (frame_has(frame, set, clear)) frames[count++] = frame;
  list_frames(rule, kind, frames, count);
  free(frames);
  return count;
}

void list_frame(Rule rule, const char *kind, uint64_t frame) { list_frames(rule, kind, &frame, 1); }

void list_cannot(const char *kind, const char *why, ...) {
  va_list words;
  va_start(words, why);
  fprintf(list, "cannot %s ", kind);
  vfprintf(list, why, words);
  fputc('\n', list);
  va_end(words);
}

// ---------------------------------------------------------------- memory

static unsigned char *map_aligned(size_t bytes, int advice) {
  unsigned char *memory =
      mmap(NULL, bytes + huge_page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap of %zu bytes", bytes);
  memory += huge_page_size - (uintptr_t)memory % huge_page_size;
  if (madvise(memory, bytes, advice) != 0) fail("madvise");
  content_fill(2000001, 0, memory, bytes);
  return memory;
}

unsigned char *small_pages(size_t bytes) { return map_aligned(bytes, MADV_NOHUGEPAGE); }

unsigned char *transparent_huge_pages(size_t bytes) {
  unsigned char *memory = map_aligned(bytes, MADV_HUGEPAGE);
  require_flag("a transparent huge page", memory, bytes, 1ULL << KPF_THP);
  return memory;
}

unsigned char *hugetlb_pages(size_t bytes) {
  unsigned char *memory =
      mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
  if (memory == MAP_FAILED) fail("mmap of huge pages");
  content_fill(2000002, 0, memory, bytes);
  require_flag("a hugetlb page", memory, bytes, 1ULL << KPF_HUGE);
  return memory;
}

unsigned char *cached_file(const char *directory, unsigned file, size_t bytes) {
  char path[512];
  snprintf(path, sizeof path, "%s/s%06u", directory, file);
  int descriptor = open(path, O_RDONLY);
  if (descriptor < 0) fail("open of %s", path);
  unsigned char *memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, descriptor, 0);
  if (memory == MAP_FAILED) fail("mmap of %s", path);
  close(descriptor);
  if (content_check(file, 0, memory, bytes) != bytes) fail("%s is not what was written there", path);
  return memory;
}

// ---------------------------------------------------------------- the command

// Safe pages that a rough check takes for unsafe ones.
static void make_safe(void) {
  size_t bytes = 64 * block_size;
  unsigned char *locked = small_pages(bytes);
  if (mlock(locked, bytes) != 0) fail("mlock");
  list_memory(may, "mlocked", locked, bytes);
  list_memory(may, "thp", transparent_huge_pages(huge_page_size), huge_page_size);
  list_memory(may, "hugetlb-used", hugetlb_pages(huge_page_size), huge_page_size);
}

// Lists the pages that only the kernel's flags show.
static void list_found(void) {
  const uint64_t locked = 1ULL << KPF_LOCKED, head = 1ULL << KPF_COMPOUND_HEAD, tail = 1ULL << KPF_COMPOUND_TAIL,
                 lru = 1ULL << KPF_LRU, huge = 1ULL << KPF_HUGE, mapped = 1ULL << KPF_MMAP,
                 not_cache = 1ULL << KPF_ANON | 1ULL << KPF_SWAPBACKED | huge;
  look_again();
  list_flagged(never, "locked", locked, 0);
  list_flagged(never, "poisoned", 1ULL << KPF_HWPOISON, 0);
  list_flagged(never, "offline", 1ULL << KPF_OFFLINE, 0);
  list_flagged(may, "hugetlb-free", huge, mapped);
  const uint64_t unsafe = locked | 1ULL << KPF_WRITEBACK;
  if (list_flagged(may, "large-cache", head | lru, not_cache | unsafe) == 0)
    list_cannot("large-cache", "the page cache of this kernel has single pages only");
  list_flagged(may, "large-cache", tail | lru, not_cache | unsafe);
  list_cannot("unaccepted", "needs a confidential guest, which takes TDX or SEV-SNP hardware");
}

int hard_command(int count, char **words) {
  if (count != 3) return 2;
  const char *disk = words[0], *directory = words[1];
  open_list(words[2], "w");
  // First, since it forks: a fork should not copy pinned pages.
  make_poisoned(directory);
  make_safe();
  make_pinned(directory);
  make_in_flight(disk, directory);
  list_found();
  close_list();
  printf("hard pages made\n");
  fflush(stdout);
  for (;;) pause();
}
