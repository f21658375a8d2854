// spoil: makes an error that the lab must detect. It overwrites one page of the crashed kernel's text through /dev/mem. Every
// dump holds that page, and makedumpfile does not rely on it: a second dump differs and does not fail.
// spoil-hard: the same for the first pinned anonymous page of a list of pages that must never be taken.
//
// The text's page is found in a dump of makedumpfile's compressed format. Offsets are those of struct disk_dump_header and
// struct kdump_sub_header on x86_64 (makedumpfile's diskdump_mod.h).
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "labguest.h"

static const uint64_t text_map = 0xffffffff80000000;  // __START_KERNEL_map

static void read_at(int dump, void *bytes, size_t count, off_t offset) {
  if (pread(dump, bytes, count, offset) != (ssize_t)count) fail("read of the dump at %lld", (long long)offset);
}

static uint64_t number(const char *info, const char *key, int base) {
  const char *line = strstr(info, key);
  if (!line) fail("VMCOREINFO has no %s", key);
  return strtoull(line + strlen(key), NULL, base);
}

static void overwrite(uint64_t pfn) {
  int memory = open("/dev/mem", O_RDWR);
  if (memory < 0) fail("open of /dev/mem");
  unsigned char *page = mmap(NULL, block_size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, pfn * block_size);
  if (page == MAP_FAILED) fail("mmap of /dev/mem at page %llu", (unsigned long long)pfn);
  page[block_size / 2] ^= 0xff;
  printf("pfn=%llu\n", (unsigned long long)pfn);
}

int spoil_hard_command(int count, char **words) {
  unsigned long long pfn;
  if (count != 1) return 2;
  FILE *list = fopen(words[0], "r");
  if (!list) fail("open of %s", words[0]);
  for (char line[512]; fgets(line, sizeof line, list);)
    if (sscanf(line, "never pinned-anonymous %llu", &pfn) == 1) {
      overwrite(pfn);
      return 0;
    }
  fail("%s has no page that is pinned", words[0]);
}

int spoil_command(int count, char **words) {
  if (count != 1) return 2;
  int dump = open(words[0], O_RDONLY);
  if (dump < 0) fail("open of %s", words[0]);
  struct { char signature[8]; unsigned char skipped[420]; int block, sub_blocks; unsigned bitmap_blocks; } header;
  uint64_t sub[13];
  read_at(dump, &header, sizeof header, 0);
  if (memcmp(header.signature, "KDUMP   ", 8) != 0) fail("%s is no compressed kdump", words[0]);
  read_at(dump, sub, sizeof sub, header.block);
  char *info = calloc(1, sub[5] + 1);
  if (!info) fail("memory");
  read_at(dump, info, sub[5], sub[4]);
  // The 16th page of the text, past the entry code.
  uint64_t text = number(info, "SYMBOL(_stext)=", 16), base = number(info, "NUMBER(phys_base)=", 10);
  uint64_t address = (text - text_map + base) / block_size * block_size + 16 * block_size, pfn = address / block_size;
  unsigned char bits;
  read_at(dump, &bits, 1, (off_t)(1 + header.sub_blocks + header.bitmap_blocks / 2) * header.block + pfn / 8);
  if (!(bits >> pfn % 8 & 1)) {
    fprintf(stderr, "labguest: page %llu of the kernel's text is not in the dump\n", (unsigned long long)pfn);
    return 1;
  }
  overwrite(pfn);
  return 0;
}
