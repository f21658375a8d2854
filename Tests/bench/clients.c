/* clients: times processes that use a file system all at once.
 *
 * Usage: clients DIR COUNT
 *
 * Prints a line 'NAME RATE' for each of: COUNT processes write a new file each; read it while the page cache has nothing of it; create empty
 * files and remove them, in a directory each. A rate is that of all together, in MB/s or in operations a second. What is left is COUNT files
 * and directories.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { piece = 1 << 20, pieces = 64, files = 5000 };

static char buffer[piece];

static int opened(const char *name, int flags) {
  const int file = open(name, flags, 0600);
  if (file < 0) err(1, "%s", name);
  return file;
}

static void write_file(int client) {
  char name[32];
  snprintf(name, sizeof name, "file-%d", client);
  const int file = opened(name, O_WRONLY | O_CREAT | O_TRUNC);
  for (int i = 0; i < pieces; i++)
    if (write(file, buffer, piece) != piece) err(1, "%s", name);
  if (close(file) != 0) err(1, "%s", name);
}

static void read_file(int client) {
  char name[32];
  snprintf(name, sizeof name, "file-%d", client);
  const int file = opened(name, O_RDONLY);
  for (int i = 0; i < pieces; i++)
    if (read(file, buffer, piece) != piece) err(1, "%s", name);
  close(file);
}

static void create_and_remove(int client) {
  char name[32];
  snprintf(name, sizeof name, "names-%d", client);
  if (mkdir(name, 0700) != 0 || chdir(name) != 0) err(1, "%s", name);
  for (int i = 0; i < files; i++) {
    snprintf(name, sizeof name, "%d", i);
    close(opened(name, O_WRONLY | O_CREAT | O_EXCL));
  }
  for (int i = 0; i < files; i++) {
    snprintf(name, sizeof name, "%d", i);
    if (unlink(name) != 0) err(1, "%s", name);
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void drop_caches(void) {
  const int file = opened("/proc/sys/vm/drop_caches", O_WRONLY);
  if (write(file, "1", 1) != 1) err(1, "/proc/sys/vm/drop_caches");
  close(file);
}

/* The processes are there before the clock starts: they wait for the end of a pipe. */
static void run(const char *name, int count, double amount, void (*what)(int client)) {
  int gate[2], status, failed = 0;
  char byte;
  if (pipe(gate) != 0) err(1, "pipe");
  for (int client = 0; client < count; client++) {
    const pid_t child = fork();
    if (child < 0) err(1, "fork");
    if (child > 0) continue;
    close(gate[1]);
    if (read(gate[0], &byte, 1) != 0) err(1, "pipe");
    what(client);
    _exit(0);
  }
  close(gate[0]);
  const double since = now();
  close(gate[1]);
  while (wait(&status) > 0) failed |= status;
  if (failed) errx(1, "%s: a process has failed", name);
  printf("%s %.1f\n", name, amount * count / (now() - since));
}

int main(int argc, char **argv) {
  if (argc != 3) errx(2, "usage: clients DIR COUNT");
  const int count = atoi(argv[2]);
  if (chdir(argv[1]) != 0) err(1, "%s", argv[1]);
  run("write", count, (double)piece * pieces / 1e6, write_file);
  drop_caches();
  run("read", count, (double)piece * pieces / 1e6, read_file);
  run("names", count, 2.0 * files, create_and_remove);
}
