// load: page cache, tmpfs, anonymous and huge pages, and free blocks of many sizes between them.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "labguest.h"

static const size_t huge_page = 2 * mebibyte;

static void write_sample(const char *directory, uint64_t file, size_t size, int sync) {
  static unsigned char buffer[mebibyte];
  char path[512];
  snprintf(path, sizeof path, "%s/s%06llu", directory, (unsigned long long)file);
  int descriptor = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (descriptor < 0) fail("create %s", path);
  for (size_t offset = 0; offset < size;) {
    size_t part = size - offset < sizeof buffer ? size - offset : sizeof buffer;
    content_fill(file, offset, buffer, part);
    ssize_t written = write(descriptor, buffer, part);
    if (written <= 0) fail("write to %s", path);
    offset += written;
  }
  if (sync && fsync(descriptor) != 0) fail("fsync of %s", path);
  close(descriptor);
}

int sample_command(int count, char **words) {
  unsigned mib;
  if (count != 2 || sscanf(words[1], "%u", &mib) != 1) return 2;
  for (unsigned file = 0; file < mib / 8; file++) write_sample(words[0], file, 8 * mebibyte, 0);
  return 0;
}

// Files of many sizes, every third one removed again: single pages and small blocks become free.
static void load_tmpfs(const char *directory, size_t bytes) {
  char path[512];
  unsigned file = 0;
  for (size_t done = 0; done < bytes; file++) {
    size_t size = 1000 + file * 104729 % (256 * 1024);
    write_sample(directory, file, size, 0);
    done += size;
  }
  for (unsigned i = 0; i < file; i += 3) {
    snprintf(path, sizeof path, "%s/s%06u", directory, i);
    unlink(path);
  }
}

// Reads the files that 'sample' made (clean cache) and writes new ones, half of them not yet on the disk (dirty).
static void load_page_cache(const char *directory, size_t bytes) {
  static unsigned char buffer[mebibyte];
  size_t done = 0;
  for (unsigned file = 0; done < bytes; file++) {
    char path[512];
    snprintf(path, sizeof path, "%s/s%06u", directory, file);
    int descriptor = open(path, O_RDONLY);
    if (descriptor < 0) break;
    for (ssize_t got; (got = read(descriptor, buffer, sizeof buffer)) > 0;) done += got;
    close(descriptor);
  }
  if (done == 0) fail("nothing to read in %s", directory);
  write_sample(directory, 900000, bytes / 8, 1);
  write_sample(directory, 900001, bytes / 8, 0);
}

static unsigned char *map_anonymous(size_t bytes, int flags) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  if (memory == MAP_FAILED) fail("mmap of %zu bytes", bytes);
  return memory;
}

static void give_back(unsigned char *memory, size_t count) {
  if (madvise(memory, count, MADV_DONTNEED) != 0) fail("madvise");
}

static void load_anonymous(size_t bytes) {
  unsigned char *memory = map_anonymous(bytes, 0);
  madvise(memory, bytes, MADV_NOHUGEPAGE);
  content_fill(1000001, 0, memory, bytes);
  for (size_t offset = 0; offset + 16 * block_size <= bytes; offset += 64 * block_size)
    give_back(memory + offset, 16 * block_size);
  if (mlock(memory + bytes / 2, bytes / 8) != 0) fail("mlock");
}

static void load_transparent_huge(size_t bytes) {
  unsigned char *memory = map_anonymous(bytes + huge_page, 0);
  memory += huge_page - (uintptr_t)memory % huge_page;
  madvise(memory, bytes, MADV_HUGEPAGE);
  content_fill(1000002, 0, memory, bytes);
  for (size_t offset = 0; offset + huge_page <= bytes; offset += 4 * huge_page) give_back(memory + offset, huge_page);
}

// As many hugetlb pages as `bytes` holds; the pool has more, which stay free.
static void load_hugetlb(size_t bytes) { content_fill(1000003, 0, map_anonymous(bytes, MAP_HUGETLB), bytes); }

// A page in a pipe belongs to the kernel alone and holds user data: makedumpfile takes it for neither page cache nor user data.
static void load_pipe(void) {
  static unsigned char buffer[block_size];
  int ends[2];
  if (pipe2(ends, O_NONBLOCK) != 0) fail("pipe");
  content_fill(1000004, 0, buffer, sizeof buffer);
  while (write(ends[1], buffer, sizeof buffer) > 0) continue;
}

int load_command(int count, char **words) {
  unsigned mib;
  if (count != 3 || sscanf(words[2], "%u", &mib) != 1 || mib < 64) return 2;
  size_t bytes = (size_t)mib * mebibyte, eighth = bytes / 8 / huge_page * huge_page;
  load_hugetlb(eighth / 2 / huge_page * huge_page);
  load_transparent_huge(eighth);
  load_tmpfs(words[0], eighth);
  load_page_cache(words[1], 3 * eighth);
  load_anonymous(2 * eighth);
  load_pipe();
  printf("loaded %u MiB\n", mib);
  fflush(stdout);
  for (;;) pause();
}
