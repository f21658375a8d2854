// I/O in flight at the time of the crash: writeback, read-ahead and direct I/O, of a file system and of a raw device.
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hard.h"
#include "labguest.h"

enum { part = 128 * block_size, large_file = 8 * mebibyte };

// Places on the device that has no file system.
enum { write_back_at = 0, direct_read_at = 4 * mebibyte, direct_write_at = 8 * mebibyte };

static const char *const directory = "/mnt/stopped";

static int open_file(const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  int file = open(path, O_CREAT | O_RDWR, 0644);
  if (file < 0) fail("create %s", path);
  return file;
}

static void write_content(int file, uint64_t content, size_t bytes) {
  unsigned char *buffer = allocate(bytes);
  content_fill(content, 0, buffer, bytes);
  if (pwrite(file, buffer, bytes, 0) != (ssize_t)bytes) fail("write");
  free(buffer);
}

// A file whose blocks are all allocated on the disk, so that a later write needs no I/O but that of its data.
static int write_file(const char *name, uint64_t content, size_t bytes) {
  int file = open_file(name);
  write_content(file, content, bytes);
  if (fsync(file) != 0) fail("fsync of %s", name);
  return file;
}

static void forget_cache(int file) {
  int error = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  if (error != 0) fail("fadvise: %d", error);
}

// Fills the page cache with large folios, where the file system has them: sequential reads grow the read-ahead window.
static void read_large(void) {
  int file = write_file("large", 2000010, large_file);
  unsigned char *buffer = allocate(mebibyte);
  forget_cache(file);
  while (read(file, buffer, mebibyte) > 0) continue;
  free(buffer);
}

// Starts writeback of a range, and requires that its pages show it.
static void write_back(const char *kind, int file, uint64_t content) {
  write_content(file, content, part);
  if (sync_file_range(file, 0, part, SYNC_FILE_RANGE_WRITE) != 0) fail("sync_file_range");
  unsigned char *memory = mmap(NULL, part, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
  if (memory == MAP_FAILED) fail("mmap");
  require_flag(kind, memory, part, 1ULL << KPF_WRITEBACK);
  list_memory(never, kind, memory, part);
  munmap(memory, part);
}

static void start(aio_context_t context, unsigned operation, int file, void *memory, uint64_t offset) {
  static uint64_t tag;
  struct iocb request = {.aio_data = ++tag, .aio_lio_opcode = operation, .aio_fildes = file,
                         .aio_buf = (uintptr_t)memory, .aio_nbytes = part, .aio_offset = offset};
  struct iocb *requests[] = {&request};
  struct timespec now = {0};
  struct io_event event;
  if (syscall(SYS_io_submit, context, 1, requests) != 1) fail("io_submit");
  if (syscall(SYS_io_getevents, context, 0, 1, &event, &now) != 0) fail("direct I/O on a stopped device has ended");
}

// Starts two DMA transfers: from the device into a process's memory, and from the page cache to the device.
static void start_direct(const char *device, const char *cached) {
  aio_context_t context = 0;
  int file = open(device, O_RDWR | O_DIRECT);
  if (file < 0) fail("open of %s", device);
  if (syscall(SYS_io_setup, 8, &context) != 0) fail("io_setup");
  unsigned char *into = small_pages(part), *from = cached_file(cached, 1, part);
  start(context, IOCB_CMD_PREAD, file, into, direct_read_at);
  start(context, IOCB_CMD_PWRITE, file, from, direct_write_at);
  list_memory(never, "direct-read", into, part);
  list_memory(never, "direct-write", from, part);
}

void make_in_flight(const char *disk, const char *cached) {
  const uint64_t sectors = stopped_file_system / 512;
  StoppedDevice whole = make_device("files", disk, 0, sectors);
  StoppedDevice raw = make_device("raw", disk, sectors, 32 * mebibyte / 512);
  mkdir(directory, 0755);
  if (mount(whole.path, directory, "xfs", MS_NOATIME, NULL) != 0) fail("mount of %s", whole.path);
  int written = write_file("written", 2000011, part), read = write_file("read", 2000012, part);
  int device = open(raw.path, O_RDWR);
  if (device < 0) fail("open of %s", raw.path);
  read_large();
  forget_cache(read);
  stop_device(&whole);
  stop_device(&raw);
  // No call from here on may wait for the disk.
  write_back("writeback", written, 2000013);
  write_back("writeback-buffers", device, 2000014);
  // Its pages are locked until the read ends.
  if (readahead(read, 0, part) != 0) fail("readahead");
  start_direct(raw.path, cached);
}
