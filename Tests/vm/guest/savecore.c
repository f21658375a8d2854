// save-core: copies /proc/vmcore to a sparse file, through mmap, which is several times quicker than read.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labguest.h"

static void write_all(int descriptor, const void *bytes, size_t count, off_t offset) {
  for (size_t done = 0; done < count;) {
    ssize_t written = pwrite(descriptor, (const char *)bytes + done, count - done, offset + done);
    if (written <= 0) fail("write at %lld", (long long)(offset + done));
    done += written;
  }
}

static int is_zero(const unsigned char *page) {
  return page[0] == 0 && memcmp(page, page + 1, block_size - 1) == 0;
}

// Copies the whole pages [offset, offset + count), and leaves holes for those of zeros.
static void copy_range(int core, int file, off_t offset, size_t count) {
  enum { window = 4 * mebibyte };
  for (size_t done = 0; done < count;) {
    size_t part = count - done < window ? count - done : window;
    unsigned char *map = mmap(NULL, part, PROT_READ, MAP_PRIVATE, core, offset + done);
    if (map == MAP_FAILED) fail("mmap of the vmcore at %lld", (long long)(offset + done));
    for (size_t at = 0; at < part;) {
      size_t end = at;
      while (end < part && !is_zero(map + end)) end += block_size;
      if (end > at) write_all(file, map + at, end - at, offset + done + at);
      at = end > at ? end : at + block_size;
    }
    munmap(map, part);
    done += part;
  }
}

int save_core_command(int count, char **words) {
  if (count != 2) return 2;
  int core = open(words[0], O_RDONLY), file = open(words[1], O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (core < 0) fail("open of %s", words[0]);
  if (file < 0) fail("create %s", words[1]);
  struct stat status;
  Elf64_Ehdr header;
  if (fstat(core, &status) != 0 || pread(core, &header, sizeof header, 0) != sizeof header) fail("read of %s", words[0]);
  Elf64_Phdr parts[header.e_phnum];
  if (pread(core, parts, sizeof parts, header.e_phoff) != (ssize_t)sizeof parts) fail("read of program headers");
  if (ftruncate(file, status.st_size) != 0) fail("size of %s", words[1]);
  for (int i = 0; i < header.e_phnum; i++) {
    // The first part's offset ends the ELF header and the notes, which take whole pages.
    if (parts[i].p_type == PT_NOTE) copy_range(core, file, 0, (parts[i].p_offset + parts[i].p_filesz + block_size - 1)
                                                                  / block_size * block_size);
    if (parts[i].p_type == PT_LOAD) copy_range(core, file, parts[i].p_offset, parts[i].p_filesz);
  }
  if (fsync(file) != 0) fail("fsync of %s", words[1]);
  printf("bytes=%lld\n", (long long)status.st_size);
  return 0;
}
