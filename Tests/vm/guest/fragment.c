// fragment: pages of the kernel's own all over memory.
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "labguest.h"

// A pipe takes single pages (order 0). While much is free, the allocator gives pages that lie one behind the other, so that a page kept
// for each few pipes is a page in each few MiB. At the end some MiB are left free for programs.
enum { kept_every = 4, left_free = 64 };

static uint64_t free_mib(void) {
  struct sysinfo info;
  if (sysinfo(&info) != 0) fail("sysinfo");
  return (uint64_t)info.freeram * info.mem_unit / mebibyte;
}

// Fills a pipe of 1 MiB.
static void make_pipe(int *ends) {
  static unsigned char buffer[mebibyte];
  if (pipe2(ends, O_NONBLOCK) != 0) fail("pipe");
  if (fcntl(ends[1], F_SETPIPE_SZ, mebibyte) < mebibyte) fail("a pipe of 1 MiB");
  content_fill(1000005, 0, buffer, sizeof buffer);
  if (write(ends[1], buffer, sizeof buffer) != sizeof buffer) fail("write to a pipe");
}

// Gives all of its pages back but the last one.
static void drain_pipe(int *ends) {
  static unsigned char buffer[mebibyte - block_size];
  if (read(ends[0], buffer, sizeof buffer) != sizeof buffer) fail("read of a pipe");
}

int fragment_command(int count, char **words) {
  (void)words;
  if (count != 0) return 2;
  size_t pipes = free_mib() > left_free ? free_mib() - left_free : 0, made = 0, kept = 0;
  int(*ends)[2] = allocate((pipes + 1) * sizeof *ends);
  struct rlimit limit = {2 * pipes + 64, 2 * pipes + 64};
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) fail("setrlimit");
  while (made < pipes && free_mib() > left_free) make_pipe(ends[made++]);
  for (size_t i = 0; i < made; i++) {
    if (i % kept_every == 0) {
      drain_pipe(ends[i]);
      kept++;
    } else {
      close(ends[i][0]), close(ends[i][1]);
    }
  }
  printf("fragmented: %zu pages of the kernel in %zu MiB\n", kept, made);
  fflush(stdout);
  for (;;) pause();
}
