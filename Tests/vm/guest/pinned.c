// Pages with references beside their owner's: buffers registered with io_uring, which keeps them pinned for DMA, and pages
// lent to a pipe, as zero-copy network sends lend them.
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hard.h"
#include "labguest.h"

enum { pinned_bytes = 128 * block_size };

// A ring for each buffer: a kernel that refuses one kind of memory still pins the others. The ring stays open.
static int register_buffer(void *memory, size_t bytes) {
  struct io_uring_params parameters = {0};
  struct iovec buffer = {memory, bytes};
  int ring = syscall(SYS_io_uring_setup, 1, &parameters);
  if (ring < 0) fail("io_uring_setup");
  if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1) == 0) return 0;
  return errno;
}

static void pin(const char *kind, void *memory, size_t bytes) {
  errno = register_buffer(memory, bytes);
  if (errno != 0) fail("io_uring does not register a buffer: %s", kind);
  list_memory(never, kind, memory, bytes);
}

// Pins a file's pages, where the kernel lets io_uring do so: only those of a tmpfs, since another file system would not see
// when they are written (io_uring/rsrc.c).
static void pin_shared(void) {
  int file = memfd_create("pinned", 0);
  if (file < 0 || ftruncate(file, pinned_bytes) != 0) fail("memfd");
  unsigned char *memory = mmap(NULL, pinned_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) fail("mmap of a memfd");
  content_fill(2000003, 0, memory, pinned_bytes);
  int error = register_buffer(memory, pinned_bytes);
  if (error == 0) list_memory(never, "pinned-shared", memory, pinned_bytes);
  else list_cannot("pinned-shared", "io_uring registers no buffer in a file: %s", strerror(error));
}

static void make_pipe(int *ends) {
  if (pipe(ends) != 0 || fcntl(ends[1], F_SETPIPE_SZ, 2 * pinned_bytes) < 0) fail("pipe");
}

static void lend_anonymous(void) {
  int ends[2];
  unsigned char *memory = small_pages(pinned_bytes);
  struct iovec part = {memory, pinned_bytes};
  make_pipe(ends);
  if (vmsplice(ends[1], &part, 1, 0) != pinned_bytes) fail("vmsplice");
  list_memory(never, "piped-anonymous", memory, pinned_bytes);
}

static void lend_cache(const char *directory) {
  int ends[2];
  char path[512];
  unsigned char *memory = cached_file(directory, 0, pinned_bytes);
  list_memory(never, "piped-cache", memory, pinned_bytes);
  // Unmapped, so that only the pipe holds a reference.
  munmap(memory, pinned_bytes);
  snprintf(path, sizeof path, "%s/s%06u", directory, 0);
  int file = open(path, O_RDONLY);
  if (file < 0) fail("open of %s", path);
  make_pipe(ends);
  for (size_t done = 0; done < pinned_bytes;) {
    ssize_t lent = splice(file, NULL, ends[1], NULL, pinned_bytes - done, 0);
    if (lent <= 0) fail("splice of %s", path);
    done += lent;
  }
}

void make_pinned(const char *directory) {
  pin("pinned-anonymous", small_pages(pinned_bytes), pinned_bytes);
  pin("pinned-thp", transparent_huge_pages(huge_page_size), huge_page_size);
  pin("pinned-hugetlb", hugetlb_pages(huge_page_size), huge_page_size);
  pin_shared();
  lend_anonymous();
  lend_cache(directory);
}
