// kernel-memory: memory that the kernel allocates for itself, with known content.
#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labguest.h"

// An array map's values lie in memory of vmalloc's (bpf_map_area_alloc, kernel/bpf/syscall.c). The kernel itself copies them in and out.
enum { value_size = 64 << 10, values = 64, map_size = value_size * values };

static const uint64_t first_file = 2000000;

static long bpf(int command, union bpf_attr *words) { return syscall(SYS_bpf, command, words, sizeof *words); }

static int make_map(void) {
  union bpf_attr words = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = value_size, .max_entries = values};
  return bpf(BPF_MAP_CREATE, &words);
}

// Copies a value of a map in or out.
static void copy_value(int command, int map, uint32_t key, unsigned char *value) {
  union bpf_attr words = {.map_fd = map, .key = (uintptr_t)&key, .value = (uintptr_t)value};
  if (bpf(command, &words) != 0) fail("value %u of map %d", key, map);
}

static void write_map(uint64_t file, int map) {
  static unsigned char value[value_size];
  for (uint32_t key = 0; key < values; key++) {
    content_fill(file, (uint64_t)key * value_size, value, value_size);
    copy_value(BPF_MAP_UPDATE_ELEM, map, key, value);
  }
}

static void check_map(uint64_t file, int map) {
  static unsigned char value[value_size];
  for (uint32_t key = 0; key < values; key++) {
    copy_value(BPF_MAP_LOOKUP_ELEM, map, key, value);
    size_t good = content_check(file, (uint64_t)key * value_size, value, value_size);
    if (good == value_size) continue;
    errno = EIO;
    fail("byte %zu of value %u of map %llu", good, key, (unsigned long long)(file - first_file));
  }
}

int kernel_memory_command(int count, char **words) {
  if (count != 1) return 2;
  size_t maps = strtoull(words[0], NULL, 10) * mebibyte / map_size;
  int *list = allocate((maps + 1) * sizeof *list), signal;
  struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  sigset_t wake;
  sigemptyset(&wake), sigaddset(&wake, SIGTERM);
  sigprocmask(SIG_BLOCK, &wake, NULL);
  if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) fail("setrlimit");
  for (size_t i = 0; i < maps; i++) {
    if ((list[i] = make_map()) < 0) fail("map %zu", i);
    write_map(first_file + i, list[i]);
  }
  printf("mib=%zu\n", maps * map_size / mebibyte);
  fflush(stdout);
  sigwait(&wake, &signal);
  for (size_t i = 0; i < maps; i++) check_map(first_file + i, list[i]);
  printf("verified=%zu\n", maps * map_size / mebibyte);
  return 0;
}
