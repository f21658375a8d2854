// The vocabulary of the cases. A case is a function that takes steps in a new, empty working directory and prints one line for
// each: 'subject/name: step = outcome'. It judges nothing: its lines on a real tmpfs are the right ones.
// So no line may hold times, inode numbers, descriptors or process ids, which differ from run to run.
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, ALICE = 65501, BOB = 65502, STAFF = 65510, GUESTS = 65511 };

struct test_case {
    const char *subject, *name;
    void (*run)(void);
};

void register_case(const char *subject, const char *name, void (*run)(void));

// CASE(some_name) { … } in a file that defines SUBJECT is the case 'subject/some-name'.
#define CASE(id)                                                                             \
    static void case_##id(void);                                                             \
    __attribute__((constructor)) static void register_##id(void) {                           \
        register_case(SUBJECT, #id, case_##id);                                              \
    }                                                                                        \
    static void case_##id(void)

// ---- steps

// Prints a line of the transcript.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The outcome of a system call as text: its value, or the name of errno when it is -1.
const char *outcome(long value);
// The same for a call that returns a descriptor: "ok" or the name of errno.
const char *outcome_fd(long value);

// DO(call) does a step and prints 'call = outcome'.
#define DO(call) STEP(#call, call)
#define STEP(text, call)                                                                     \
    ({                                                                                       \
        errno = 0;                                                                           \
        long value_ = (long)(call);                                                          \
        int errno_ = errno;                                                                  \
        say("%s = %s", text, outcome(value_));                                               \
        errno = errno_;                                                                      \
        value_;                                                                              \
    })

// OPEN(call) is DO for a call that returns a descriptor.
#define OPEN(call) OPEN_STEP(#call, call)
#define OPEN_STEP(text, call)                                                                \
    ({                                                                                       \
        errno = 0;                                                                           \
        int value_ = (int)(call);                                                            \
        say("%s = %s", text, outcome_fd(value_));                                            \
        value_;                                                                              \
    })

// NEED(call) is OPEN, and ends the case when it fails.
#define NEED(call)                                                                           \
    ({                                                                                       \
        int need_ = OPEN_STEP(#call, call);                                                  \
        if (need_ < 0) _exit(0);                                                             \
        need_;                                                                               \
    })

// MUST(call) prepares a step. It prints nothing. If it fails, the case ends and has failed, even if it fails on tmpfs, too.
#define MUST(call)                                                                           \
    ({                                                                                       \
        errno = 0;                                                                           \
        long value_ = (long)(call);                                                          \
        if (value_ == -1) set_up_failed(#call);                                              \
        value_;                                                                              \
    })

void set_up_failed(const char *call) __attribute__((noreturn));

// AS(uid, gid) { … } runs the block in a child that is that user, with no other groups and no capabilities.
// AS_MEMBER also gives it one supplementary group.
#define AS_MEMBER(uid, gid, group)                                                           \
    if (begin_as(uid, gid, group))                                                           \
        for (;; end_child())
#define AS(uid, gid) AS_MEMBER(uid, gid, gid)
// IN_CHILD { … } runs the block in a child process.
#define IN_CHILD                                                                             \
    if (begin_child())                                                                       \
        for (;; end_child())

bool begin_as(uid_t uid, gid_t gid, gid_t group);
bool begin_child(void);
void end_child(void) __attribute__((noreturn));

// ---- files to work with

// A buffer of 'size' bytes, all 'letter'. The fourth call after this one frees it.
char *letters(size_t size, char letter);
// A new file of 'size' bytes, all 'letter', mode 0644 whatever the umask.
void make_file(const char *path, size_t size, char letter);
void write_letters(int fd, off_t offset, size_t size, char letter);
// A new file that holds the text.
void make_text(const char *path, const char *text);
// A new entry of a kind: "file", "directory", "fifo", "socket", "char", "block", "symlink" (dangling).
void make_kind(const char *path, const char *kind);
extern const char *const kinds[];
#define EACH_KIND(kind) for (const char *const *each_ = kinds, *kind = *each_; kind; kind = *++each_)
// This program's own file copied to 'path', executable.
void make_program(const char *path, mode_t mode);
// Runs a copy made by make_program with one argument ("exit" or "ids"); prints how it ended.
void run_program(const char *path, const char *argument);

// ---- printing files and directories

void show_stat(const char *path);   // kind, mode, owner, links, size, blocks, device
void show_fstat(const char *label, int fd);
void show_mode(const char *path);
void show_owner(const char *path);
void show_content(const char *path); // runs of equal bytes
void show_fd_content(const char *label, int fd);
void show_bytes(const char *label, const void *bytes, size_t size);
void show_extents(const char *path); // by SEEK_DATA and SEEK_HOLE
void show_dir(const char *path);     // sorted, with d_type
void show_xattrs(const char *path);  // sorted names and sizes
void show_link(const char *path);
const char *kind_of_mode(mode_t mode);

// ---- times

// watch() notes the times of up to 8 paths; show_times() prints which changed since, and whether to the present.
void watch(const char *path, ...) __attribute__((sentinel));
#define WATCH(...) watch(__VA_ARGS__, (char *)NULL)
void show_times(const char *step);
#define TIMED(call)                                                                          \
    do {                                                                                     \
        STEP(#call, call);                                                                   \
        show_times(#call);                                                                   \
    } while (0)
// Waits until the clock that file times come from has moved on.
void tick(void);

// ---- memory access that may fail: the byte read, or -SIGBUS / -SIGSEGV

int peek(const volatile char *address);
int poke(volatile char *address, char value);
const char *outcome_access(int value);

// ---- system calls that a C library may not wrap

int sys_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags);
int flip(const char *from, const char *to, unsigned flags); // renameat2 in the working directory

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

struct handle {
    struct file_handle base;
    unsigned char bytes[128];
};
