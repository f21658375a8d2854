// digest: prints a checksum of a file, for dumps in an emulated guest, where those of busybox take minutes for a GiB.
//
// Usage: digest FILE
//
// The time stamp in the header of a kdump file (16 bytes, as in Tests/labtool's DumpHeader) counts as zeros. Each step is a bijection of the
// sum so far, so that two files of the same size that differ in one word have different sums.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { piece = 1 << 20, stamp = 408, stamp_size = 16 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

// As many bytes as there are up to a whole piece, followed by zeros.
static size_t read_piece(int file, unsigned char *bytes) {
  size_t done = 0;
  memset(bytes, 0, piece);
  for (ssize_t got; done < piece && (got = read(file, bytes + done, piece - done)) != 0; done += got)
    if (got < 0) fail("read");
  return done;
}

int main(int count, char **words) {
  static unsigned char bytes[piece];
  uint64_t sum = 0xcbf29ce484222325, size = 0;
  int file = count == 2 ? open(words[1], O_RDONLY) : -1;
  if (file < 0) fail(count == 2 ? words[1] : "digest FILE");
  for (size_t got; (got = read_piece(file, bytes)) > 0; size += got) {
    if (size == 0) memset(bytes + stamp, 0, stamp_size);
    for (size_t at = 0; at < piece; at += 8) {
      uint64_t word;
      memcpy(&word, bytes + at, 8);
      sum = (sum ^ word) * 0x100000001b3;
      sum ^= sum >> 29;
    }
  }
  printf("%016llx %llu\n", (unsigned long long)sum, (unsigned long long)size);
  return 0;
}
