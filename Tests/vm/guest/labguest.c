// labguest: the lab's own tools in a guest, beside busybox. Static, small, and quick under emulation.
#include "labguest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

void fail(const char *format, ...) {
  int error = errno;
  va_list list;
  va_start(list, format);
  fputs("labguest: ", stderr);
  vfprintf(stderr, format, list);
  fprintf(stderr, ": %s\n", strerror(error));
  exit(1);
}

void *allocate(size_t count) {
  void *memory = malloc(count);
  if (!memory) fail("%zu bytes of memory", count);
  return memory;
}

int statfs_command(int count, char **words) {
  struct statvfs info;
  if (count != 1) return 2;
  if (statvfs(words[0], &info) != 0) fail("statvfs of %s", words[0]);
  printf("blocks=%llu free=%llu block_size=%lu inodes=%llu inodes_free=%llu\n", (unsigned long long)info.f_blocks,
         (unsigned long long)info.f_bfree, info.f_frsize, (unsigned long long)info.f_files,
         (unsigned long long)info.f_ffree);
  return 0;
}

int open_command(int count, char **words) {
  if (count != 1) return 2;
  if (open(words[0], O_RDWR) < 0) fail("open of %s for writing", words[0]);
  return 0;
}

static const struct {
  const char *name, *usage;
  int (*run)(int count, char **words);
} commands[] = {
    {"load", "TMPFS-DIR DISK-DIR MIB: give the kernel a mixed load of about MIB; stays until killed", load_command},
    {"fragment", "leave a page of the kernel's in each few MiB of free memory; stays until killed", fragment_command},
    {"sample", "DIR MIB: write the files that 'load' reads from a disk", sample_command},
    {"fill", "DIR: write files of known content until no byte more fits", fill_command},
    {"scatter", "DIR HOLES: punch HOLES holes of one block into the files that fill wrote, none beside another", scatter_command},
    {"verify", "DIR [HOLES]: read back all that fill wrote, with the holes that scatter made, and compare", verify_command},
    {"read-on", "DIR STOP: read all that fill wrote, again and again, until the file STOP is there, and count the blocks that fail", read_on_command},
    {"statfs", "DIR: print the file system's size", statfs_command},
    {"spoil", "DUMP: overwrite one page of the crashed kernel's text that DUMP holds", spoil_command},
    {"spoil-hard", "LIST: overwrite one page that must never be taken", spoil_hard_command},
    {"save-core", "VMCORE FILE: copy an ELF vmcore, leaving holes for pages of zeros", save_core_command},
    {"hard", "DISK DIR LIST: make pages that must never be taken, and list their frames; stays until killed", hard_command},
    {"buffers", "DISK LIST stop|slow: the same with I/O of buffer heads, on a disk that stops or that the host slows", buffers_command},
    {"ask", "WORD: ask the host for something, and wait until it is done", ask_command},
    {"save-pages", "VMCORE LIST FILE: save the contents of all frames that must never be taken", save_pages_command},
    {"kernel-memory", "MIB: have the kernel allocate memory with known content, and verify it on SIGTERM", kernel_memory_command},
    {"echo", "ADDRESS PORT MIB: send MIB to an echo service, let all of it come back, and verify it", echo_command},
    {"pressure", "MIB SECONDS: touch MIB of memory at random for so long, and check it", pressure_command},
    {"limit-memory", "PID KIB|none: limit the address space of a process", limit_memory_command},
    {"open", "FILE: open it for reading and writing", open_command},
};

int main(int count, char **words) {
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (count > 1 && strcmp(words[1], commands[i].name) == 0) {
      int code = commands[i].run(count - 2, words + 2);
      if (code == 2) fprintf(stderr, "usage: labguest %s %s\n", commands[i].name, commands[i].usage);
      return code;
    }
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    fprintf(stderr, "labguest %s %s\n", commands[i].name, commands[i].usage);
  return 2;
}
