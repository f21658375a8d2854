#include <string.h>

#include "labguest.h"

enum { words_per_block = block_size / 8 };

// splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
static uint64_t mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// One table for all blocks, XORed with one word per block. This is as quick as a copy, which counts in an emulated guest,
// and every word of a misplaced block is wrong.
static const uint64_t *table(void) {
  static uint64_t words[words_per_block];
  if (!words[0])
    for (int i = 0; i < words_per_block; i++) words[i] = mix(i);
  return words;
}

static void make_block(uint64_t file, uint64_t block, uint64_t *words) {
  const uint64_t *pattern = table();
  uint64_t key = mix(mix(file) ^ block);
  for (int i = 0; i < words_per_block; i++) words[i] = pattern[i] ^ key;
}

void content_fill(uint64_t file, uint64_t offset, unsigned char *bytes, size_t count) {
  uint64_t words[words_per_block];
  while (count > 0) {
    size_t skip = offset % block_size, part = block_size - skip;
    if (part > count) part = count;
    make_block(file, offset / block_size, words);
    memcpy(bytes, (unsigned char *)words + skip, part);
    bytes += part, offset += part, count -= part;
  }
}

size_t content_check(uint64_t file, uint64_t offset, const unsigned char *bytes, size_t count) {
  uint64_t words[words_per_block];
  for (size_t done = 0; done < count;) {
    size_t skip = (offset + done) % block_size, part = block_size - skip;
    const unsigned char *want = (unsigned char *)words + skip;
    if (part > count - done) part = count - done;
    make_block(file, (offset + done) / block_size, words);
    if (memcmp(bytes + done, want, part) != 0)
      for (size_t i = 0; i < part; i++)
        if (bytes[done + i] != want[i]) return done + i;
    done += part;
  }
  return count;
}
