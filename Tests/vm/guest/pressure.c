// Memory pressure: more anonymous memory than there is, touched in random order. Where it does not fit, it is swapped.
#include "labguest.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { page_size = 4096, words_per_page = page_size / 8 };

static uint64_t random_state;

static uint64_t mix(uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

static uint64_t next_random(void) { return mix(random_state += 0x9e3779b97f4a7c15); }

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// A page's contents follow from its number and from how often it was written.
static void write_page(uint64_t *page, uint64_t number, uint32_t version) {
  uint64_t value = mix(number << 32 | version);
  for (int word = 0; word < words_per_page; word++) page[word] = value += 0x9e3779b97f4a7c15;
}

static int is_right(const uint64_t *page, uint64_t number, uint32_t version) {
  uint64_t value = mix(number << 32 | version);
  for (int word = 0; word < words_per_page; word++)
    if (page[word] != (value += 0x9e3779b97f4a7c15)) return 0;
  return 1;
}

// Tells how far it is, every two seconds at most.
static void tell(const char *what, size_t count, double start) {
  static double last;
  if (now() - last < 2) return;
  last = now();
  fprintf(stderr, "%s %zu after %.0f s\n", what, count, last - start);
}

int pressure_command(int count, char **words) {
  if (count != 2) return 2;
  size_t size = strtoull(words[0], NULL, 10) << 20, pages = size / page_size, wrong = 0, touched = 0;
  double seconds = strtod(words[1], NULL);
  uint64_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  uint32_t *versions = calloc(pages, sizeof *versions);
  if (memory == MAP_FAILED || !versions) fail("%zu MiB of memory", size >> 20);
  // Huge pages would touch 512 pages at once.
  madvise(memory, size, MADV_NOHUGEPAGE);
  double start = now();
  for (size_t page = 0; page < pages; page++) {
    write_page(memory + page * words_per_page, page, 0);
    tell("filled", page, start);
  }
  double filled = now();
  while (now() - filled < seconds) {
    size_t page = next_random() % pages;
    uint64_t *place = memory + page * words_per_page;
    wrong += !is_right(place, page, versions[page]);
    if (next_random() & 1) write_page(place, page, ++versions[page]);
    touched++;
    tell("touched", touched, start);
  }
  double end = now();
  for (size_t page = 0; page < pages; page++) {
    wrong += !is_right(memory + page * words_per_page, page, versions[page]);
    tell("read", page, start);
  }
  printf("pages=%zu wrong=%zu fill_seconds=%.1f touched=%zu touch_seconds=%.1f read_seconds=%.1f\n", pages, wrong, filled - start, touched,
         end - filled, now() - end);
  return wrong != 0;
}
