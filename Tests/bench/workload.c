/* workload: times the things that people do with a file system.
 *
 * Usage: workload DIR PROGRAM ARCHIVE
 *
 * Prints a line 'NAME RATE' for each, in MB/s or in operations a second: memory is copied; a new file is written, overwritten, read and mapped while the page
 * cache has nothing of it; files are created, by one process and by two, asked for their status, listed and removed; short texts are
 * appended; PROGRAM is copied and started; ARCHIVE is unpacked. DIR is empty before and after.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { piece = 1 << 20, pieces = 256, files = 10000, lists = 10, asks = 20, appends = 20000, starts = 400 };

extern char **environ;
static const double data_bytes = (double)piece * pieces / 1e6;
static char buffer[piece];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void print(const char *name, double amount, double since) {
  printf("%s %.1f\n", name, amount / (now() - since));
  fflush(stdout);
}

static int opened(const char *name, int flags) {
  const int file = open(name, flags, 0644);
  if (file < 0) err(1, "%s", name);
  return file;
}

static void closed(int file) {
  if (close(file) != 0) err(1, "close");
}

/* In a process of its own, so that what a file system can't do is left out of the answers. */
static void apart(void (*what)(void)) {
  const pid_t child = fork();
  int status;
  if (child < 0) err(1, "fork");
  if (child == 0) {
    what();
    _exit(0);
  }
  if (waitpid(child, &status, 0) != child || status != 0) warnx("a row is left out: its process has ended with status %#x", status);
}

static void run(char *const *words) {
  pid_t child;
  int status;
  if (posix_spawnp(&child, words[0], NULL, NULL, words, environ) != 0) err(1, "%s", words[0]);
  if (waitpid(child, &status, 0) != child || status != 0) errx(1, "%s failed", words[0]);
}

/* Touches as much memory as will be needed: that of a virtual machine costs the most when it is used for the first time. What is freed is what the
 * kernel then gives out first. Before, it shows what a plain copy costs. */
static void warm_up(void) {
  const size_t size = (size_t)3 * piece * pieces;
  char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) err(1, "mmap");
  const double start = now();
  for (size_t i = 0; i < size; i += piece) memcpy(memory + i, buffer, piece);
  /* The compiler must not see that nobody reads it. */
  __asm__ volatile("" : : "r"(memory) : "memory");
  print("copy", 3 * data_bytes, start);
  munmap(memory, size);
}

/* ---------------------------------------------------------------- data */

static void write_all(const char *row, int flags) {
  const double start = now();
  const int file = opened("data", O_WRONLY | flags);
  for (int i = 0; i < pieces; i++) {
    if (write(file, buffer, piece) != piece) err(1, "write");
  }
  closed(file);
  print(row, data_bytes, start);
}

/* Opens the file of which the page cache has nothing. On a tmpfs the page cache is the file. */
static int open_cold(void) {
  const int file = opened("data", O_RDONLY);
  if (posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0) errx(1, "posix_fadvise");
  return file;
}

static void read_all(void) {
  const int file = open_cold();
  const double start = now();
  for (int i = 0; i < pieces; i++) {
    if (read(file, buffer, piece) != piece) err(1, "read");
    if (buffer[piece - 1] != 'x') errx(1, "what was read is not what was written");
  }
  print("read", data_bytes, start);
  closed(file);
}

static void map_all(void) {
  const int file = open_cold();
  const double start = now();
  const size_t size = (size_t)piece * pieces;
  const char *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
  if (bytes == MAP_FAILED) err(1, "mmap");
  uint64_t expected, word, differences = 0;
  memset(&expected, 'x', sizeof expected);
  for (size_t i = 0; i < size; i += sizeof word) {
    memcpy(&word, bytes + i, sizeof word);
    differences |= word ^ expected;
  }
  if (differences) errx(1, "what is mapped is not what was written");
  print("mmap", data_bytes, start);
  munmap((void *)bytes, size);
  closed(file);
}

static void append(void) {
  const int file = opened("log", O_WRONLY | O_CREAT | O_APPEND);
  const double start = now();
  for (int i = 0; i < appends; i++) {
    if (write(file, buffer, 100) != 100) err(1, "write");
  }
  closed(file);
  print("append", appends, start);
  unlink("log");
}

/* ---------------------------------------------------------------- names */

static void name_of(char *name, int number) { sprintf(name, "a-file-of-many-%05d", number); }

static void create_some(int first, int count) {
  char name[32];
  for (int i = first; i < first + count; i++) {
    name_of(name, i);
    closed(opened(name, O_WRONLY | O_CREAT | O_EXCL));
  }
}

static void ask_all(void) {
  char name[32];
  struct stat status;
  const double start = now();
  for (int i = 0; i < files * asks; i++) {
    name_of(name, i % files);
    if (stat(name, &status) != 0) err(1, "%s", name);
  }
  print("stat", (double)files * asks, start);
}

static int list_once(void) {
  int count = -2;
  DIR *directory = opendir(".");
  if (!directory) err(1, "opendir");
  while (readdir(directory)) count++;
  closedir(directory);
  return count;
}

static void list_first(void) {
  const double start = now();
  if (list_once() != files) errx(1, "the list is not whole");
  print("list-first", files, start);
}

static void list_again(void) {
  const double start = now();
  for (int i = 0; i < lists; i++) {
    if (list_once() != files) errx(1, "the list is not whole");
  }
  print("list", (double)files * lists, start);
}

static void remove_all(void) {
  char name[32];
  const double start = now();
  for (int i = 0; i < files; i++) {
    name_of(name, i);
    if (unlink(name) != 0) err(1, "%s", name);
  }
  print("unlink", files, start);
}

static void create_by_two(void) {
  const double start = now();
  const pid_t child = fork();
  int status;
  if (child < 0) err(1, "fork");
  if (mkdir(child ? "one" : "two", 0755) != 0 || chdir(child ? "one" : "two") != 0) err(1, "mkdir");
  create_some(0, files / 2);
  if (!child) _exit(0);
  if (waitpid(child, &status, 0) != child || status != 0) errx(1, "the other one failed");
  if (chdir("..") != 0) err(1, "chdir");
  print("create-two", files, start);
  run((char *[]){"rm", "-r", "one", "two", NULL});
}

static void names(void) {
  mkdir("names", 0755);
  if (chdir("names") != 0) err(1, "names");
  const double start = now();
  create_some(0, files);
  print("create", files, start);
  apart(ask_all);
  apart(list_first);
  apart(list_again);
  remove_all();
  create_by_two();
  if (chdir("..") != 0 || rmdir("names") != 0) err(1, "names");
}

/* ---------------------------------------------------------------- programs */

static void start_all(char *program) {
  run((char *[]){"cp", program, "program", NULL});
  run((char *[]){"./program", NULL});
  const double start = now();
  for (int i = 0; i < starts; i++) run((char *[]){"./program", NULL});
  print("start", starts, start);
  unlink("program");
}

static void unpack(char *archive) {
  const double start = now();
  run((char *[]){"tar", "-xmf", archive, NULL});
  print("untar", 1, start);
  run((char *[]){"rm", "-r", "tree", NULL});
}

int main(int count, char **words) {
  if (count != 4) errx(2, "usage: workload DIR PROGRAM ARCHIVE");
  if (chdir(words[1]) != 0) err(1, "%s", words[1]);
  memset(buffer, 'x', sizeof buffer);
  warm_up();
  write_all("write", O_CREAT | O_EXCL);
  write_all("overwrite", 0);
  apart(read_all);
  apart(map_all);
  if (unlink("data") != 0) err(1, "data");
  apart(append);
  names();
  start_all(words[2]);
  unpack(words[3]);
}
