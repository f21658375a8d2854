#define _GNU_SOURCE
#include "CPlatform.h"

#include <cpuid.h>
#include <emmintrin.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <ucontext.h>

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57 // linux/prctl.h, since 5.6
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4 // linux/mman.h, since 4.4
#endif

// Given by dracut-module/package/build.
#ifndef OLDMEMFS_BUILD
#define OLDMEMFS_BUILD "unknown commit"
#endif
#define TEXT(number) #number
#define VERSION_TEXT(major, minor) TEXT(major) "." TEXT(minor)

static int argument_count;
static char **arguments;

// glibc calls constructors with main()'s arguments (elf/dl-init.c).
__attribute__((constructor)) static void keep_arguments(int argc, char **argv) {
  argument_count = argc;
  arguments = argv;
}

int cplatform_argc(void) { return argument_count; }

const char *cplatform_argv(int index) {
  return index >= 0 && index < argument_count ? arguments[index] : NULL;
}

const char *cplatform_build(void) { return OLDMEMFS_BUILD ", glibc " VERSION_TEXT(__GLIBC__, __GLIBC_MINOR__); }

int cplatform_errno(void) { return errno; }

int cplatform_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }

int cplatform_open_below(int directory, const char *path) { return openat(directory, path, O_RDONLY | O_CLOEXEC); }

int cplatform_pipe(int *reading, int *writing) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  *reading = ends[0];
  *writing = ends[1];
  return 0;
}

void cplatform_punch_hole(int fd, uint64_t offset, uint64_t count) {
  (void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)count);
}

int cplatform_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int cplatform_ioctl(int fd, unsigned long request, void *argument) { return ioctl(fd, request, argument); }

void *cplatform_mmap(int fd, uint64_t offset, size_t count, int protection, int flags) {
  void *base = mmap(NULL, count, protection, flags, fd, (off_t)offset);
  return base == MAP_FAILED ? NULL : base;
}

int cplatform_lock_memory_on_fault(void) { return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT); }

int cplatform_set_io_flusher(void) { return prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0); }

static volatile sig_atomic_t ending_signal;

static void note(int signal) {
  if (signal != SIGALRM) ending_signal = signal;
  // A signal just before a call that waits does not interrupt it. An alarm does, each second until the process ends.
  if (ending_signal != 0) alarm(1);
}

void cplatform_catch_signals(void) {
  for (int signal = 1; signal < _NSIG; signal++) {
    struct sigaction action = {.sa_handler = SIG_IGN};
    switch (signal) {
    // Faults.
    case SIGILL: case SIGTRAP: case SIGABRT: case SIGBUS: case SIGFPE: case SIGSEGV: case SIGSYS:
    // Signals that are ignored by default, or stop the process.
    case SIGCHLD: case SIGCONT: case SIGTSTP: case SIGTTIN: case SIGTTOU: case SIGURG: case SIGWINCH:
      continue;
    case SIGHUP: case SIGINT: case SIGTERM:
      // nohup(1) and a shell's background jobs ignore signals: they stay ignored.
      if (sigaction(signal, NULL, &action) != 0 || action.sa_handler == SIG_IGN) continue;
      // fall through
    case SIGALRM:
      action = (struct sigaction){.sa_handler = note};
    }
    // It fails for SIGKILL, SIGSTOP and the signals of libc itself.
    (void)sigaction(signal, &action, NULL);
  }
}

int cplatform_device_of_mount(const char *directory, uint32_t *major, uint32_t *minor) {
  struct statx status;
  if (statx(AT_FDCWD, directory, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, 0, &status) != 0) return -1;
  *major = status.stx_dev_major;
  *minor = status.stx_dev_minor;
  return 0;
}

void cplatform_tick(int seconds) {
  struct itimerval timer = {.it_value.tv_sec = seconds, .it_interval.tv_sec = seconds};
  (void)setitimer(ITIMER_REAL, &timer, NULL);
}

int cplatform_ending_signal(void) { return ending_signal; }

static int fault_log = STDERR_FILENO;

// The first byte of the program in memory, and the end of its last (ld(1)).
extern const char __ehdr_start, _end;

static char *put_text(char *to, const char *text) {
  while (*text != 0) *to++ = *text++;
  return to;
}

static char *put_number(char *to, uint64_t number, unsigned base) {
  char digits[64], *digit = digits;
  do *digit++ = "0123456789abcdef"[number % base];
  while ((number /= base) > 0);
  while (digit > digits) *to++ = *--digit;
  return to;
}

// It calls only async-signal-safe functions (signal-safety(7)).
static void report_fault(int signal, siginfo_t *info, void *context) {
  char line[160], *end = line;
  uint64_t place = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP], start = (uint64_t)&__ehdr_start;
  int is_own = place >= start && place < (uint64_t)&_end;
  end = put_number(put_text(end, "oldmemfs: a fault of its own: signal "), (uint64_t)signal, 10);
  end = put_number(put_text(end, is_own ? " at +0x" : " in a library at 0x"), is_own ? place - start : place, 16);
  if (signal == SIGSEGV || signal == SIGBUS) end = put_number(put_text(end, ", which touched 0x"), (uint64_t)info->si_addr, 16);
  *end++ = '\n';
  (void)!write(fault_log, line, (size_t)(end - line));
  // The default action is back (SA_RESETHAND): the process ends by the same signal, which its parent sees.
  (void)raise(signal);
}

void cplatform_report_faults(int log) {
  static const int faults[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV};
  fault_log = log;
  for (size_t index = 0; index < sizeof(faults) / sizeof(faults[0]); index++) {
    struct sigaction action = {.sa_sigaction = report_fault, .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER};
    (void)sigaction(faults[index], &action, NULL);
  }
}

uint32_t cplatform_page_size(void) { return (uint32_t)sysconf(_SC_PAGESIZE); }

void cplatform_copy_past_caches(void *to, const void *from, size_t count) {
  __m128i *goal = to;
  const __m128i *source = from;
  for (const __m128i *end = source + count / 16; source < end; source += 4, goal += 4) {
    __m128i a = _mm_loadu_si128(source), b = _mm_loadu_si128(source + 1), c = _mm_loadu_si128(source + 2), d = _mm_loadu_si128(source + 3);
    _mm_stream_si128(goal, a);
    _mm_stream_si128(goal + 1, b);
    _mm_stream_si128(goal + 2, c);
    _mm_stream_si128(goal + 3, d);
  }
  // These stores are in no order with others until then.
  _mm_sfence();
}

// x86-64 CPUs since 2008 have the instruction, and since 2010 carry-less multiplication; one without the first runs the bitwise loop, which is
// slow.
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *p, size_t n) {
  uint64_t c = crc;
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    c = __builtin_ia32_crc32di(c, word);
  }
  for (; n > 0; p++, n--) c = __builtin_ia32_crc32qi((uint32_t)c, *p);
  return (uint32_t)c;
}

// The instruction takes three cycles, and one can begin in each: three streams, side by side, are three times as quick. A stream's remainder
// is moved behind the bytes of the streams after it by a multiplication in GF(2): by x to the number of their bits, less the 33 that the
// product of two reflected numbers and the instruction itself add, modulo the polynomial.
enum { stream_bytes = 1360, one_stream = 0x3f70cc6f, two_streams = 0x5aa1f3cf };

typedef long long vector __attribute__((vector_size(16)));

__attribute__((target("sse4.2,pclmul"))) static uint32_t crc32c_moved(uint64_t crc, long long power) {
  vector product = __builtin_ia32_pclmulqdq128((vector){(long long)crc, 0}, (vector){power, 0}, 0);
  return (uint32_t)__builtin_ia32_crc32di(0, (uint64_t)product[0]);
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t crc32c_streams(uint32_t crc, const uint8_t *p, size_t n) {
  for (; n >= 3 * stream_bytes; p += 3 * stream_bytes, n -= 3 * stream_bytes) {
    uint64_t first = crc, second = 0, third = 0, word;
    for (const uint8_t *q = p; q < p + stream_bytes; q += 8) {
      memcpy(&word, q, 8);
      first = __builtin_ia32_crc32di(first, word);
      memcpy(&word, q + stream_bytes, 8);
      second = __builtin_ia32_crc32di(second, word);
      memcpy(&word, q + 2 * stream_bytes, 8);
      third = __builtin_ia32_crc32di(third, word);
    }
    crc = crc32c_moved(first, two_streams) ^ crc32c_moved(second, one_stream) ^ (uint32_t)third;
  }
  return crc32c_sse42(crc, p, n);
}

static uint32_t crc32c_bitwise(uint32_t crc, const uint8_t *p, size_t n) {
  for (; n > 0; p++, n--) {
    crc ^= *p;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82F63B78u & -(crc & 1u));
  }
  return crc;
}

typedef uint32_t (*crc32c_way)(uint32_t crc, const uint8_t *p, size_t n);

// __builtin_cpu_supports would add 5 KiB of tables.
static crc32c_way crc32c_best(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_2)) return crc32c_bitwise;
  return c & bit_PCLMUL ? crc32c_streams : crc32c_sse42;
}

uint32_t cplatform_crc32c(uint32_t crc, const void *bytes, size_t count) {
  static crc32c_way way;
  if (!way) way = crc32c_best();
  return ~way(~crc, bytes, count);
}
