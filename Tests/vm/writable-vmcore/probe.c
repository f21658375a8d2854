// probe: what a capture kernel's writable /proc/vmcore takes and refuses, and what a write costs.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { page_size = 4096, piece_size = 1 << 20, pieces_most = 64, frames_most = 8192 };

static const char *path;
static Elf64_Phdr parts[256];
static unsigned part_count;
// The first byte after the ELF headers and notes, and after the last segment.
static uint64_t start, end;

__attribute__((noreturn)) static void fail(const char *what) {
  fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int open_or_fail(const char *name, int flags) {
  int file = open(name, flags);
  if (file < 0) fail(name);
  return file;
}

static void read_headers(void) {
  Elf64_Ehdr header;
  int file = open_or_fail(path, O_RDONLY);
  if (pread(file, &header, sizeof header, 0) != sizeof header || header.e_phnum > sizeof parts / sizeof *parts) fail("ELF header");
  part_count = header.e_phnum;
  if (pread(file, parts, part_count * sizeof *parts, header.e_phoff) != (ssize_t)(part_count * sizeof *parts)) fail("program headers");
  for (unsigned i = 0; i < part_count; i++) {
    if (parts[i].p_type != PT_LOAD) continue;
    if (start == 0 || parts[i].p_offset < start) start = parts[i].p_offset;
    if (parts[i].p_offset + parts[i].p_memsz > end) end = parts[i].p_offset + parts[i].p_memsz;
  }
  // A segment may begin or end within a page, of which the file has all.
  start = start / page_size * page_size;
  end = (end + page_size - 1) / page_size * page_size;
  close(file);
}

// The file offset of a physical address; 0 if no segment has it.
static uint64_t offset_of(uint64_t address) {
  for (unsigned i = 0; i < part_count; i++)
    if (parts[i].p_type == PT_LOAD && address - parts[i].p_paddr < parts[i].p_memsz) return parts[i].p_offset + address - parts[i].p_paddr;
  return 0;
}

// ---------------------------------------------------------------- what is refused

static unsigned passed, failed;

static const char *name_of(int error) { return error == 0 ? "no error" : strerrorname_np(error); }

// Counts a check: the error was the expected one.
static void expect(const char *what, int error, int expected) {
  if (error == expected) {
    passed++;
    printf("ok %s: %s\n", what, name_of(error));
  } else {
    failed++;
    printf("FAILED %s: %s, not %s\n", what, name_of(error), name_of(expected));
  }
}

static void expect_true(const char *what, int holds) {
  if (holds) passed++; else failed++;
  printf("%s %s\n", holds ? "ok" : "FAILED", what);
}

static int finish(void) {
  printf("%u passed, %u failed\n", passed, failed);
  return failed > 0;
}

static int open_error(int flags) {
  int file = open(path, flags);
  if (file < 0) return errno;
  close(file);
  return 0;
}

static void become_nobody(void) {
  if (setgid(65534) != 0 || setuid(65534) != 0) fail("another user");
}

static void drop_raw_io(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[2];
  if (syscall(SYS_capget, &header, sets) != 0) fail("capget");
  sets[0].effective &= ~(1u << CAP_SYS_RAWIO);
  sets[0].permitted &= ~(1u << CAP_SYS_RAWIO);
  if (syscall(SYS_capset, &header, sets) != 0) fail("capset");
}

// The error of an open in a process that has given something up.
static int open_error_after(void (*give_up)(void), int flags) {
  int status;
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    give_up();
    _exit(open_error(flags));
  }
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) fail("a process");
  return WEXITSTATUS(status);
}

static int write_error(int file, const void *bytes, size_t count, uint64_t offset) {
  return pwrite(file, bytes, count, offset) < 0 ? errno : 0;
}

// Writes some bytes that are in no aligned place, reads all around them, and puts them back.
static void check_bytes(int file) {
  static unsigned char before[2 * page_size], after[2 * page_size], bytes[11];
  uint64_t place = (start + end) / 2 / page_size * page_size;
  size_t at = page_size - 5;
  if (pread(file, before, sizeof before, place) != sizeof before) fail("read of two pages");
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = ~before[at + i];
  expect_true("eleven bytes across a page border are written", pwrite(file, bytes, sizeof bytes, place + at) == sizeof bytes);
  if (pread(file, after, sizeof after, place) != sizeof after) fail("read of two pages");
  expect_true("they are read back", memcmp(after + at, bytes, sizeof bytes) == 0);
  memcpy(after + at, before + at, sizeof bytes);
  expect_true("the bytes beside them are as before", memcmp(before, after, sizeof after) == 0);
  if (pwrite(file, before + at, sizeof bytes, place + at) != sizeof bytes) fail("write of the bytes that were there");
}

static void check_places(int file) {
  static unsigned char page[2 * page_size], again[2 * page_size];
  size_t headers = start < sizeof page ? start : sizeof page;
  if (pread(file, page, headers, 0) != (ssize_t)headers) fail("read of the headers");
  expect("a write to the ELF header", write_error(file, again, page_size, 0), EINVAL);
  expect("a write to the last byte of the notes", write_error(file, again, 1, start - 1), EINVAL);
  expect_true("the headers are as before", pread(file, again, headers, 0) == (ssize_t)headers && memcmp(page, again, headers) == 0);
  if (pread(file, page, page_size, end - page_size) != page_size) fail("read of the last page");
  expect("a write at the end of the last segment", write_error(file, page, page_size, end), ENOSPC);
  expect("a write far beyond", write_error(file, page, page_size, end + (1ull << 40)), ENOSPC);
  expect_true("a write over the end is cut there", pwrite(file, page, sizeof page, end - page_size) == page_size);
  expect("a write of bytes that can't be read", write_error(file, (void *)16, page_size, end - page_size), EFAULT);
}

// refusals VMCORE: as root, in a capture kernel whose /proc/vmcore takes writes.
static int refusals_command(void) {
  read_headers();
  expect("another user opens it for reading and writing", open_error_after(become_nobody, O_RDWR), EACCES);
  expect("another user opens it for writing", open_error_after(become_nobody, O_WRONLY), EACCES);
  expect("root without CAP_SYS_RAWIO opens it for writing", open_error_after(drop_raw_io, O_RDWR), EPERM);
  expect("root without CAP_SYS_RAWIO opens it for reading", open_error_after(drop_raw_io, O_RDONLY), 0);
  expect("root opens it for writing", open_error(O_RDWR), 0);
  int file = open_or_fail(path, O_RDWR);
  check_places(file);
  check_bytes(file);
  expect("a mapping for writing",
         mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, start) == MAP_FAILED ? errno : 0, EPERM);
  int reader = open_or_fail(path, O_RDONLY);
  expect("a write where it is open for reading", write_error(reader, "", 1, start), EBADF);
  return finish();
}

// closed VMCORE: the same under lockdown.
static int closed_command(void) {
  read_headers();
  expect("root opens it for reading and writing", open_error(O_RDWR), EPERM);
  expect("root opens it for writing", open_error(O_WRONLY), EPERM);
  expect("root opens it for reading", open_error(O_RDONLY), 0);
  return finish();
}

// own VMCORE PFN: the frame is RAM of the running kernel by now.
static int own_command(uint64_t frame) {
  static unsigned char page[page_size];
  read_headers();
  int file = open_or_fail(path, O_RDWR);
  uint64_t place = offset_of(frame * page_size);
  if (place == 0) fail("the frame is in no segment");
  expect("a write to RAM of the running kernel", write_error(file, page, sizeof page, place), EBUSY);
  return finish();
}

// ---------------------------------------------------------------- what it costs

struct clock { double elapsed, idle; };

// Seconds since the machine started, and those of them that its one processor had nothing to do.
static struct clock now(void) {
  struct clock clock;
  FILE *file = fopen("/proc/uptime", "r");
  struct timespec time;
  if (!file || fscanf(file, "%*f %lf", &clock.idle) != 1) fail("/proc/uptime");
  fclose(file);
  clock_gettime(CLOCK_MONOTONIC, &time);
  clock.elapsed = time.tv_sec + time.tv_nsec / 1e9;
  return clock;
}

static void report(const char *way, const char *kind, uint64_t bytes, struct clock begin) {
  struct clock finish = now();
  double seconds = finish.elapsed - begin.elapsed, idle = finish.idle - begin.idle;
  double mib = bytes / 1048576.0;
  printf("%s %s MB/s=%.1f bytes=%llu seconds=%.2f cpu_ms_per_MiB=%.2f\n", way, kind, bytes / 1e6 / seconds, (unsigned long long)bytes,
         seconds, (seconds - idle) * 1000 / mib);
}

static unsigned char buffer[piece_size];

// write WAY FILE: a stream of 1 MiB each to a new file, and then single blocks of it, in an order that is no order of places.
static int write_command(const char *way, const char *name) {
  int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0) fail(name);
  memset(buffer, 0x5a, sizeof buffer);
  struct clock begin = now();
  for (int i = 0; i < pieces_most; i++)
    if (pwrite(file, buffer, sizeof buffer, (off_t)i * piece_size) != piece_size) fail("write of 1 MiB");
  report(way, "1MiB", (uint64_t)pieces_most * piece_size, begin);
  unsigned blocks = pieces_most * (piece_size / page_size);
  begin = now();
  for (unsigned i = 0; i < frames_most; i++)
    if (pwrite(file, buffer, page_size, (off_t)(i * 4099u % blocks) * page_size) != page_size) fail("write of a block");
  report(way, "4KiB", (uint64_t)frames_most * page_size, begin);
  return 0;
}

static uint64_t pieces[pieces_most], frames[frames_most];
static unsigned piece_count, frame_count;

// The reusable MiB and frames that are written: of lines 'FIRST COUNT CLASS'. The frames are one of each 16, so that they are apart.
static void read_ranges(const char *name) {
  unsigned long long first, count;
  FILE *file = fopen(name, "r");
  if (!file) fail(name);
  while (fscanf(file, "%llu %llu %*s", &first, &count) == 2) {
    uint64_t last = first + count;
    for (uint64_t at = (first + 255) / 256 * 256; at + 256 <= last && piece_count < pieces_most; at += 256) pieces[piece_count++] = at;
    for (uint64_t at = first; at < last && frame_count < frames_most; at += 16) frames[frame_count++] = at;
  }
  fclose(file);
  if (piece_count == 0 || frame_count == 0) fail("no reusable MiB");
}

static void write_core(int file, uint64_t frame, size_t count) {
  uint64_t place = offset_of(frame * page_size);
  if (place == 0 || pwrite(file, buffer, count, place) != (ssize_t)count) fail("write to the vmcore");
}

static void write_device(int file, uint64_t frame, size_t count) {
  void *window = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_SHARED, file, frame * page_size);
  // Some windows can't be had ("RAM buffer"): these have none of the lab's ranges.
  if (window == MAP_FAILED) fail("window of /dev/mem");
  memcpy(window, buffer, count);
  munmap(window, count);
}

// raw WAY FILE RANGES: the same in old memory itself, by pwrite of /proc/vmcore or by a window of /dev/mem for each piece.
static int raw_command(const char *way, const char *name, const char *ranges) {
  void (*one)(int, uint64_t, size_t) = strcmp(name, "/dev/mem") == 0 ? write_device : write_core;
  path = "/proc/vmcore";
  read_headers();
  read_ranges(ranges);
  int file = open_or_fail(name, O_RDWR);
  memset(buffer, 0xa5, sizeof buffer);
  struct clock begin = now();
  for (unsigned i = 0; i < piece_count; i++) one(file, pieces[i], piece_size);
  report(way, "1MiB", (uint64_t)piece_count * piece_size, begin);
  begin = now();
  for (unsigned i = 0; i < frame_count; i++) one(file, frames[i], page_size);
  report(way, "4KiB", (uint64_t)frame_count * page_size, begin);
  return 0;
}

int main(int count, char **words) {
  setlinebuf(stdout);
  path = count > 2 ? words[2] : NULL;
  if (count == 3 && strcmp(words[1], "refusals") == 0) return refusals_command();
  if (count == 3 && strcmp(words[1], "closed") == 0) return closed_command();
  if (count == 4 && strcmp(words[1], "own") == 0) return own_command(strtoull(words[3], NULL, 10));
  if (count == 4 && strcmp(words[1], "write") == 0) return write_command(words[2], words[3]);
  if (count == 5 && strcmp(words[1], "raw") == 0) return raw_command(words[2], words[3], words[4]);
  fprintf(stderr, "probe: refusals VMCORE | closed VMCORE | own VMCORE PFN | write WAY FILE | raw WAY FILE RANGES\n");
  return 2;
}
