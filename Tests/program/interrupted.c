// interrupted: writes, reads and syncs a file while a signal interrupts the calls, and compares every byte.
//
// interrupted FILE SECONDS: the signal comes every 200 microseconds. A call that it interrupts is begun again. With a file system that
// answers each request at once, few calls are. Prints 'rounds=N signals=N interrupted=N'; exit 1 if a byte differs or a call fails.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { size = 3 << 20 };

static volatile sig_atomic_t signals;
static long interrupted;

static void note(int number) {
  (void)number;
  signals++;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

// Whether the call is to be begun again.
static int is_interruption(ssize_t result) {
  if (result >= 0 || errno != EINTR) return 0;
  interrupted++;
  return 1;
}

static void put(int file, const unsigned char *bytes) {
  for (size_t done = 0; done < size;) {
    size_t part = size - done < 1 << 20 ? size - done : 1 << 20;
    ssize_t count = pwrite(file, bytes + done, part, done);
    if (is_interruption(count)) continue;
    if (count <= 0) fail("write");
    done += count;
  }
}

static void get(int file, unsigned char *bytes) {
  for (size_t done = 0; done < size;) {
    ssize_t count = pread(file, bytes + done, size - done, done);
    if (is_interruption(count)) continue;
    if (count <= 0) fail("read");
    done += count;
  }
}

int main(int count, char **words) {
  static unsigned char written[size], read_back[size];
  if (count != 3) return 2;
  int file = open(words[1], O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (file < 0) fail(words[1]);
  // Without SA_RESTART.
  struct sigaction action = {.sa_handler = note};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval every = {{0, 200}, {0, 200}};
  setitimer(ITIMER_REAL, &every, NULL);
  long rounds = 0;
  for (time_t end = time(NULL) + atol(words[2]); time(NULL) < end; rounds++) {
    for (size_t i = 0; i < size; i++) written[i] = (unsigned char)(i * 31 + (i >> 12) + rounds);
    put(file, written);
    while (is_interruption(fsync(file))) {}
    // What is read comes from the file system, not from the kernel's cache.
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    get(file, read_back);
    if (memcmp(written, read_back, size) != 0) {
      fprintf(stderr, "round %ld: other bytes\n", rounds);
      return 1;
    }
    int cut;
    do cut = ftruncate(file, rounds % 3 << 20);
    while (is_interruption(cut));
    if (cut != 0) fail("ftruncate");
  }
  printf("rounds=%ld signals=%ld interrupted=%ld\n", rounds, (long)signals, interrupted);
  return rounds == 0;
}
