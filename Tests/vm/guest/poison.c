// Poisoned pages: the kernel takes a page out of use when the hardware reports it broken. madvise(MADV_HWPOISON) and the
// hwpoison-inject module are the kernel's own ways to imitate such a report.
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hard.h"
#include "labguest.h"

enum { poisoned_pages = 4 };

static void poison(const char *kind, unsigned char *memory) {
  for (int i = 0; i < poisoned_pages; i++)
    if (madvise(memory + i * 2 * block_size, block_size, MADV_HWPOISON) != 0) fail("MADV_HWPOISON of %s", kind);
}

static void go_on(int signal) { (void)signal; }

// In a child: the kernel sends SIGBUS to a process that has a poisoned page mapped, and may kill it.
static void poison_mapped(const char *directory) {
  fflush(NULL);
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    signal(SIGBUS, go_on);
    poison("anonymous memory", small_pages(2 * poisoned_pages * block_size));
    poison("a cached file", cached_file(directory, 2, 2 * poisoned_pages * block_size));
    _exit(0);
  }
  int status;
  if (waitpid(child, &status, 0) != child) fail("wait");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail("the child that poisons pages ended with %#x", status);
}

// Poisons a free page by its frame number.
static void poison_free(void) {
  const char *inject = "/sys/kernel/debug/hwpoison/corrupt-pfn";
  if (access(inject, W_OK) != 0 && mount("none", "/sys/kernel/debug", "debugfs", 0, NULL) != 0) fail("mount of debugfs");
  FILE *file = fopen(inject, "w");
  if (!file) fail("open of %s", inject);
  look_at_frames();
  uint64_t frame = frame_count() / 2;
  while (frame < frame_count() && !frame_has(frame, 1ULL << KPF_BUDDY, 0)) frame++;
  fprintf(file, "%llu", (unsigned long long)frame);
  if (fclose(file) != 0) fail("poisoning of frame %llu", (unsigned long long)frame);
}

static unsigned poisoned(void) {
  unsigned count = 0;
  look_at_frames();
  for (uint64_t frame = 0; frame < frame_count(); frame++) count += frame_has(frame, 1ULL << KPF_HWPOISON, 0);
  return count;
}

void make_poisoned(const char *directory) {
  poison_mapped(directory);
  poison_free();
  unsigned count = poisoned();
  errno = 0;
  if (count < 2 * poisoned_pages + 1) fail("%u pages are poisoned, not %d", count, 2 * poisoned_pages + 1);
}
