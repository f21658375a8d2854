// save-pages: copies the contents of the listed frames from an ELF vmcore to a file, so that two such files can be compared.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "labguest.h"

static int core;
static Elf64_Phdr parts[256];
static unsigned part_count;

static void open_core(const char *path) {
  Elf64_Ehdr header;
  core = open(path, O_RDONLY);
  if (core < 0) fail("open of %s", path);
  if (pread(core, &header, sizeof header, 0) != sizeof header || header.e_phnum > sizeof parts / sizeof *parts)
    fail("read of %s", path);
  part_count = header.e_phnum;
  if (pread(core, parts, part_count * sizeof *parts, header.e_phoff) != (ssize_t)(part_count * sizeof *parts))
    fail("read of program headers");
}

// Returns 0 if the vmcore does not have the frame.
static int read_frame(uint64_t frame, unsigned char *page) {
  uint64_t address = frame * block_size;
  for (unsigned i = 0; i < part_count; i++) {
    uint64_t inside = address - parts[i].p_paddr;
    if (parts[i].p_type != PT_LOAD || address < parts[i].p_paddr || inside + block_size > parts[i].p_filesz) continue;
    if (pread(core, page, block_size, parts[i].p_offset + inside) != block_size)
      fail("read of frame %llu", (unsigned long long)frame);
    return 1;
  }
  return 0;
}

int save_pages_command(int count, char **words) {
  char kind[64];
  unsigned long long first, frames, saved = 0;
  unsigned char page[block_size];
  if (count != 3) return 2;
  open_core(words[0]);
  FILE *list = fopen(words[1], "r"), *file = fopen(words[2], "w");
  if (!list || !file) fail("open of %s or %s", words[1], words[2]);
  for (char line[512]; fgets(line, sizeof line, list);) {
    if (sscanf(line, "never %63s %llu %llu", kind, &first, &frames) != 3) continue;
    for (uint64_t frame = first; frame < first + frames; frame++) {
      if (!read_frame(frame, page)) memset(page, 0, sizeof page);
      if (fwrite(page, sizeof page, 1, file) != 1) fail("write to %s", words[2]);
      saved++;
    }
  }
  if (fclose(file) != 0) fail("write to %s", words[2]);
  printf("pages=%llu\n", saved);
  return 0;
}
