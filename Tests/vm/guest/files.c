// fill and verify: fill a file system to its last byte, and read every byte back. scatter frees single blocks in it that lie
// apart. read-on reads while blocks are damaged: each must be right, or an error.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labguest.h"

enum { small_files = 200, big_file_size = 64 * mebibyte };
// scatter punches out every seventh block of the big files, from the second block of each, until it has made enough holes.
enum { hole_every = 7, first_hole = 1, holes_per_file = (big_file_size / block_size - first_hole + hole_every - 1) / hole_every };

typedef struct {
  uint64_t files, bytes, frames;
} Totals;

static void file_path(char *path, size_t size, const char *directory, uint64_t file) {
  snprintf(path, size, "%s/f%06llu", directory, (unsigned long long)file);
}

// Writes a file of up to `size` bytes. Returns 1 when all of it fitted, 0 when the file system was full.
static int write_file(const char *directory, uint64_t file, uint64_t size, unsigned char *buffer, Totals *totals) {
  char path[512];
  file_path(path, sizeof path, directory, file);
  int descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
  if (descriptor < 0) {
    if (errno == ENOSPC) return 0;
    fail("create %s", path);
  }
  // When a write of 1 MiB does not fit, smaller writes fill the last blocks.
  uint64_t offset = 0;
  size_t step = mebibyte;
  while (offset < size && step > 0) {
    size_t part = size - offset < step ? size - offset : step;
    content_fill(file, offset, buffer, part);
    ssize_t written = write(descriptor, buffer, part);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno != ENOSPC) fail("write to %s at %llu", path, (unsigned long long)offset);
    if (written <= 0) step = step > block_size ? step / 16 : 0;
    else offset += written;
  }
  if (close(descriptor) != 0) fail("close %s", path);
  totals->files += 1;
  totals->bytes += offset;
  totals->frames += (offset + block_size - 1) / block_size;
  return offset == size;
}

static void print_totals(const Totals *totals) {
  printf("files=%llu bytes=%llu frames=%llu\n", (unsigned long long)totals->files, (unsigned long long)totals->bytes,
         (unsigned long long)totals->frames);
}

int fill_command(int count, char **words) {
  if (count != 1) return 2;
  Totals totals = {0};
  unsigned char *buffer = allocate(mebibyte);
  uint64_t file = 0;
  int room = 1;
  for (; room && file < small_files; file++)
    room = write_file(words[0], file, 1 + file * 7919 % 20000, buffer, &totals);
  for (; room; file++) room = write_file(words[0], file, big_file_size, buffer, &totals);
  print_totals(&totals);
  return 0;
}

int scatter_command(int count, char **words) {
  if (count != 2) return 2;
  uint64_t holes = strtoull(words[1], NULL, 10), made = 0;
  for (uint64_t file = small_files; made < holes; file++) {
    char path[512];
    file_path(path, sizeof path, words[0], file);
    int descriptor = open(path, O_WRONLY);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) != 0) fail("open %s", path);
    // Only whole files: the last file ends where the file system was full.
    if (status.st_size != big_file_size) fail("%s: there is no room for %llu holes", path, (unsigned long long)holes);
    for (uint64_t i = 0; i < holes_per_file && made < holes; i++, made++)
      if (fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (first_hole + i * hole_every) * block_size, block_size) != 0)
        fail("punch a hole into %s", path);
    close(descriptor);
  }
  printf("holes=%llu\n", (unsigned long long)made);
  return 0;
}

// Whether the block is one of the first `holes` holes of scatter.
static int is_hole(uint64_t file, uint64_t block, uint64_t holes) {
  if (file < small_files || block % hole_every != first_hole) return 0;
  return (file - small_files) * holes_per_file + block / hole_every < holes;
}

// Returns the index of the first wrong byte, or `count`.
static size_t check_blocks(uint64_t file, uint64_t offset, const unsigned char *bytes, size_t count, uint64_t holes) {
  for (size_t done = 0; done < count;) {
    size_t part = block_size - (offset + done) % block_size;
    if (part > count - done) part = count - done;
    if (is_hole(file, (offset + done) / block_size, holes)) {
      for (size_t i = 0; i < part; i++)
        if (bytes[done + i] != 0) return done + i;
    } else {
      size_t right = content_check(file, offset + done, bytes + done, part);
      if (right != part) return done + right;
    }
    done += part;
  }
  return count;
}

static void verify_file(const char *directory, uint64_t file, unsigned char *buffer, Totals *totals, uint64_t holes) {
  char path[512];
  file_path(path, sizeof path, directory, file);
  int descriptor = open(path, O_RDONLY);
  if (descriptor < 0) fail("open %s", path);
  struct stat status;
  if (fstat(descriptor, &status) != 0) fail("fstat of %s", path);
  uint64_t offset = 0;
  for (;;) {
    ssize_t got = read(descriptor, buffer, mebibyte);
    if (got < 0) fail("read of %s at %llu", path, (unsigned long long)offset);
    if (got == 0) break;
    size_t right = check_blocks(file, offset, buffer, got, holes);
    if (right != (size_t)got) {
      fprintf(stderr, "labguest: %s: byte %llu is not what was written\n", path, (unsigned long long)(offset + right));
      exit(1);
    }
    offset += got;
  }
  if (offset != (uint64_t)status.st_size) {
    fprintf(stderr, "labguest: %s: %llu bytes could be read, its size is %llu\n", path, (unsigned long long)offset,
            (unsigned long long)status.st_size);
    exit(1);
  }
  close(descriptor);
  totals->files += 1;
  totals->bytes += offset;
  totals->frames += (offset + block_size - 1) / block_size;
}

static DIR *open_directory(const char *path) {
  DIR *directory = opendir(path);
  if (!directory) fail("opendir of %s", path);
  return directory;
}

// Sets `file` to the number of the next file that fill wrote. Returns 0 after the last.
static int next_file(DIR *directory, uint64_t *file) {
  struct dirent *entry;
  while ((entry = readdir(directory))) {
    char *end;
    if (entry->d_name[0] != 'f') continue;
    *file = strtoull(entry->d_name + 1, &end, 10);
    if (*end == 0) return 1;
  }
  return 0;
}

int verify_command(int count, char **words) {
  if (count != 1 && count != 2) return 2;
  uint64_t holes = count == 2 ? strtoull(words[1], NULL, 10) : 0;
  Totals totals = {0};
  unsigned char *buffer = allocate(mebibyte);
  DIR *directory = open_directory(words[0]);
  uint64_t file;
  while (next_file(directory, &file)) verify_file(words[0], file, buffer, &totals, holes);
  print_totals(&totals);
  return 0;
}

typedef struct {
  uint64_t blocks, failed, wrong;
} Blocks;

// Compares a block that was read (or -1) with what was written there.
static void count_block(const char *path, uint64_t file, uint64_t offset, const unsigned char *bytes, ssize_t got, Blocks *blocks) {
  blocks->blocks += 1;
  if (got < 0 && errno != EIO) fail("read of %s at %llu", path, (unsigned long long)offset);
  if (got < 0) {
    blocks->failed += 1;
  } else if (content_check(file, offset, bytes, got) != (size_t)got) {
    blocks->wrong += 1;
    fprintf(stderr, "labguest: %s: block at byte %llu is not what was written\n", path, (unsigned long long)offset);
  }
}

// Reads a file without the kernel's cache, 1 MiB at a time, and where that fails block by block.
static void read_file(const char *directory, uint64_t file, unsigned char *buffer, Blocks *blocks) {
  char path[512];
  file_path(path, sizeof path, directory, file);
  int descriptor = open(path, O_RDONLY | O_DIRECT);
  if (descriptor < 0) fail("open %s", path);
  struct stat status;
  if (fstat(descriptor, &status) != 0) fail("fstat of %s", path);
  for (uint64_t start = 0; start < (uint64_t)status.st_size; start += mebibyte) {
    uint64_t left = status.st_size - start, part = left < mebibyte ? left : mebibyte;
    ssize_t got = pread(descriptor, buffer, mebibyte, start);
    for (uint64_t offset = 0; offset < part; offset += block_size) {
      size_t count = part - offset < block_size ? part - offset : block_size;
      ssize_t here = got == (ssize_t)part ? (ssize_t)count : pread(descriptor, buffer + offset, block_size, start + offset);
      count_block(path, file, start + offset, buffer + offset, here, blocks);
    }
  }
  close(descriptor);
}

// The last pass begins when STOP is there.
int read_on_command(int count, char **words) {
  if (count != 2) return 2;
  unsigned char *buffer = aligned_alloc(block_size, mebibyte);
  if (!buffer) fail("a buffer");
  uint64_t passes = 0, wrong = 0;
  Blocks blocks;
  int stops;
  do {
    stops = access(words[1], F_OK) == 0;
    blocks = (Blocks){0};
    DIR *directory = open_directory(words[0]);
    uint64_t file;
    while (next_file(directory, &file)) read_file(words[0], file, buffer, &blocks);
    closedir(directory);
    passes += 1;
    wrong += blocks.wrong;
  } while (!stops);
  printf("passes=%llu blocks=%llu failed=%llu wrong=%llu\n", (unsigned long long)passes, (unsigned long long)blocks.blocks,
         (unsigned long long)blocks.failed, (unsigned long long)wrong);
  return 0;
}
