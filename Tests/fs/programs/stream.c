// One random stream of operations on two directories in lockstep: every result is compared, and the whole trees now and then.
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static const char manual[] =
    "fsstream: the same random operations on two file systems, every answer compared\n"
    "\n"
    "usage: fsstream REFERENCE DIR [OPTIONS]\n"
    "\n"
    "REFERENCE and DIR are empty directories; a tmpfs is the reference.\n"
    "\n"
    "  --seed N         repeat the stream of seed N (default: a new seed, which is printed)\n"
    "  --steps N        the number of operations (default 20000)\n"
    "  --crowded        the file systems are small and of the same size: the stream runs out of space\n"
    "  --tree-every N   compare the whole trees after every N operations, and at the end (default 2000)\n"
    "  --drop-caches    drop the page cache before whole trees are compared: DIR's own storage is read\n"
    "  --break N        make a file in DIR alone at step N: the comparison has to notice\n"
    "\n"
    "Exit codes: 0 no difference, 1 a difference (the last operations are printed), 2 wrong usage.\n";

enum { PAGE = 4096, SLOTS = 6, TEXT = 1000, HISTORY = 12, ALICE = 65501 };

struct side {
    const char *label;
    int root;
    int slots[SLOTS];
    fsblkcnt_t free_at_start;
};

struct result {
    long value;
    int error;
    char text[TEXT];
};

static struct side sides[2];
static bool crowded, drops_caches;
// A tmpfs has these since 6.6; oldmemfs always has them.
static bool has_user_xattrs, has_direct_io;
static uint64_t random_state;
static uint64_t step_number, seed, succeeded;
static char history[HISTORY][TEXT];

// ---- random numbers

// xorshift64*
static uint64_t next_random(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 2685821657736338717ull;
}

static unsigned below(unsigned limit) { return (next_random() >> 33) % limit; }
static bool one_in(unsigned n) { return below(n) == 0; }

// ---- an operation's arguments

struct operation {
    unsigned kind;
    int slot, other_slot, flags;
    char path[300], other_path[300];
    off_t offset, other_offset;
    size_t size;
    mode_t mode;
    uid_t owner;
    unsigned char letter;
    uid_t as;
};

static const char *const folders[] = {"", "d0/", "d1/", "d2/", "d0/d1/", "d1/d2/", "d0/d1/d2/"};
static char long_name[256];

static void choose_path(char *path) {
    static const char *const names[] = {"a", "b", "c", "e", "f", "g", "h", "d0", "d1", "d2"};
    const char *folder = folders[below(sizeof folders / sizeof *folders)];
    if (one_in(30)) sprintf(path, "%s%s", folder, long_name);
    else sprintf(path, "%s%s", folder, names[below(sizeof names / sizeof *names)]);
}

static off_t choose_offset(void) {
    unsigned kind = below(100);
    off_t offset = kind < 60 || crowded ? below(65536) : kind < 95 ? below(1 << 20) : kind < 98 ? (off_t)below(1 << 30) * 8 : (off_t)below(1 << 20) << 20;
    return one_in(3) ? offset & ~(off_t)(PAGE - 1) : offset;
}

static size_t choose_size(void) {
    size_t size = one_in(8) ? below(crowded ? 100000 : 300000) : one_in(3) ? below(100) : below(20000);
    return one_in(4) ? (size + PAGE - 1) & ~(size_t)(PAGE - 1) : size;
}

// ---- results

static void add(struct result *result, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct result *result, const char *format, ...) {
    size_t length = strlen(result->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(result->text + length, TEXT - length, format, arguments);
    va_end(arguments);
}

static void set(struct result *result, long value) {
    result->value = value;
    result->error = value == -1 ? errno : 0;
}

static uint64_t sum_of(uint64_t sum, const void *bytes, size_t size) {
    const unsigned char *byte = bytes;
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t word;
        memcpy(&word, byte + i, 8);
        sum = (sum ^ word) * 0x9e3779b97f4a7c15ull;
        sum ^= sum >> 29;
    }
    for (; i < size; i++) sum = (sum ^ byte[i]) * 1099511628211ull;
    return sum;
}

static void add_status(struct result *result, const struct stat *status) {
    add(result, " mode %o links %lu owner %u:%u size %lld blocks %lld", status->st_mode, (unsigned long)status->st_nlink, status->st_uid,
        status->st_gid, (long long)status->st_size, (long long)status->st_blocks);
    if (S_ISCHR(status->st_mode)) add(result, " device %lx", (unsigned long)status->st_rdev);
}

// Data and holes of a file, and a sum of all its data.
static void add_content(struct result *result, int fd) {
    static char buffer[1 << 18];
    struct stat status;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) return;
    uint64_t sum = 1;
    off_t data = 0;
    int runs = 0;
    while ((data = lseek(fd, data, SEEK_DATA)) >= 0) {
        off_t hole = lseek(fd, data, SEEK_HOLE);
        sum = sum_of(sum, &data, sizeof data);
        sum = sum_of(sum, &hole, sizeof hole);
        while (data < hole) {
            ssize_t count = pread(fd, buffer, hole - data < (off_t)sizeof buffer ? (size_t)(hole - data) : sizeof buffer, data);
            if (count <= 0) {
                add(result, " read at %lld = %s", (long long)data, count ? strerrorname_np(errno) : "end");
                return;
            }
            sum = sum_of(sum, buffer, count);
            data += count;
        }
        runs++;
    }
    add(result, " data runs %d sum %016llx", runs, (unsigned long long)sum);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void add_xattrs(struct result *result, const char *path) {
    char list[8192], value[8192], *names[64];
    ssize_t size = llistxattr(path, list, sizeof list);
    if (size < 0) {
        add(result, " xattrs %s", strerrorname_np(errno));
        return;
    }
    int count = 0;
    for (char *name = list; name < list + size && count < 64; name += strlen(name) + 1) names[count++] = name;
    if (count) qsort(names, count, sizeof *names, by_text);
    for (int i = 0; i < count; i++) {
        ssize_t length = lgetxattr(path, names[i], value, sizeof value);
        add(result, " %s=%zd:%llx", names[i], length, (unsigned long long)(length > 0 ? sum_of(1, value, length) : 0));
    }
}

// Sorted names of a directory, malloc'ed; -1 if it can't be read.
static int read_names(int directory, char ***names) {
    int count = 0;
    DIR *stream = fdopendir(directory);
    *names = NULL;
    if (!stream) return -1;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        *names = realloc(*names, (count + 1) * sizeof **names);
        if (asprintf(&(*names)[count++], "%c%s", 'A' + entry->d_type, entry->d_name) < 0) abort();
    }
    closedir(stream);
    if (count) qsort(*names, count, sizeof **names, by_text);
    return count;
}

static void free_names(char **names, int count) {
    for (int i = 0; i < count; i++) free(names[i]);
    free(names);
}

// ---- the operations

enum kind {
    OPEN_FILE, CLOSE_FILE, WRITE, APPEND, READ, READ_ALL, CUT, CUT_BY_PATH, ALLOCATE, PUNCH, RENAME, LINK, UNLINK, MKDIR, RMDIR, SYMLINK, READLINK,
    CHMOD, CHOWN, SET_XATTR, REMOVE_XATTR, LIST_XATTR, READ_DIRECTORY, STORE, LOAD, SEEK, STAT, FSTAT, SET_TIMES, STATFS, SYNC, COPY, MAKE_NODE, KINDS
};

static const struct { const char *name; unsigned weight; } kinds[KINDS] = {
    [OPEN_FILE] = {"open", 14}, [CLOSE_FILE] = {"close", 4}, [WRITE] = {"write", 14}, [APPEND] = {"append", 3}, [READ] = {"read", 8},
    [READ_ALL] = {"read all", 4}, [CUT] = {"ftruncate", 5}, [CUT_BY_PATH] = {"truncate", 4}, [ALLOCATE] = {"fallocate", 3}, [PUNCH] = {"punch", 4},
    [RENAME] = {"rename", 7}, [LINK] = {"link", 4}, [UNLINK] = {"unlink", 6}, [MKDIR] = {"mkdir", 6}, [RMDIR] = {"rmdir", 2}, [SYMLINK] = {"symlink", 3},
    [READLINK] = {"readlink", 1}, [CHMOD] = {"chmod", 3}, [CHOWN] = {"chown", 2}, [SET_XATTR] = {"setxattr", 3}, [REMOVE_XATTR] = {"removexattr", 1},
    [LIST_XATTR] = {"listxattr", 1}, [READ_DIRECTORY] = {"readdir", 3}, [STORE] = {"store", 4}, [LOAD] = {"load", 3}, [SEEK] = {"seek", 4},
    [STAT] = {"stat", 5}, [FSTAT] = {"fstat", 4}, [SET_TIMES] = {"utimens", 2}, [STATFS] = {"statfs", 2}, [SYNC] = {"fsync", 1}, [COPY] = {"copy", 2},
    [MAKE_NODE] = {"mknod", 1},
};

static void choose(struct operation *operation) {
    static unsigned total;
    if (!total)
        for (int i = 0; i < KINDS; i++) total += kinds[i].weight;
    memset(operation, 0, sizeof *operation);
    unsigned at = below(total);
    while (at >= kinds[operation->kind].weight) at -= kinds[operation->kind++].weight;
    operation->slot = below(SLOTS);
    operation->other_slot = below(SLOTS);
    choose_path(operation->path);
    choose_path(operation->other_path);
    operation->offset = choose_offset();
    operation->other_offset = choose_offset();
    operation->size = choose_size();
    operation->letter = 'a' + below(26);
    operation->mode = one_in(3) ? below(4096) : 0755;
    operation->owner = one_in(2) ? ALICE : 0;
    operation->as = one_in(12) ? ALICE : 0;
    operation->flags = below(16);
}

static bool is_kernel_at_least(unsigned wanted_major, unsigned wanted_minor) {
    struct utsname kernel;
    unsigned major = 0, minor = 0;
    uname(&kernel);
    sscanf(kernel.release, "%u.%u", &major, &minor);
    return major > wanted_major || (major == wanted_major && minor >= wanted_minor);
}

// Before 6.9, a file on oldmemfs that is open somewhere for writing only can't be mapped shared (README, Limits).
static bool can_map_what_is_written(void) { return is_kernel_at_least(6, 9); }
// Before 5.18, a tmpfs fills the holes of a file that the kernel itself reads, as in copy_file_range.
static bool keeps_holes_that_are_copied(void) { return is_kernel_at_least(5, 18); }

static int open_flags(unsigned choice) {
    static const int flags[16] = {O_RDWR | O_CREAT, O_RDWR | O_CREAT, O_RDWR | O_CREAT, O_RDWR | O_CREAT, O_RDWR | O_CREAT, O_RDWR | O_CREAT,
        O_RDWR | O_CREAT | O_EXCL, O_RDWR, O_RDONLY, O_RDONLY, O_RDWR | O_CREAT | O_TRUNC, O_RDWR | O_TRUNC, O_RDWR | O_APPEND, O_WRONLY | O_CREAT,
        O_RDWR | O_CREAT | O_DIRECT, O_RDWR | O_CREAT | O_NOFOLLOW};
    int chosen = has_direct_io ? flags[choice] : flags[choice] & ~O_DIRECT;
    return (chosen & O_ACCMODE) == O_WRONLY && !can_map_what_is_written() ? (chosen & ~O_ACCMODE) | O_RDWR : chosen;
}

static void fill(char *buffer, const struct operation *operation) {
    // No two writes look alike, and no page of a write looks like another.
    for (size_t i = 0; i < operation->size; i++) buffer[i] = operation->letter + (i + operation->offset) / 997 % 5 + (step_number * 7 & 15);
}

// Whether a part of a file has no hole.
static bool is_all_data(int fd, off_t start, off_t end) { return lseek(fd, start, SEEK_DATA) == start && lseek(fd, start, SEEK_HOLE) >= end; }

static void map_range(struct result *result, int fd, const struct operation *operation, bool store) {
    struct stat status;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || operation->offset >= status.st_size) {
        add(result, "out of range");
        return;
    }
    off_t start = operation->offset & ~(off_t)(PAGE - 1), end = operation->offset + operation->size;
    if (end > status.st_size) end = status.st_size;
    if (end == operation->offset) return;
    // A load from a hole makes a tmpfs allocate, and a store into a hole without room is fatal: in both cases, only data is touched.
    if ((!store || crowded) && !is_all_data(fd, start, end)) {
        add(result, "not all data");
        return;
    }
    char *map = mmap(NULL, end - start, store ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, start);
    if (map == MAP_FAILED) {
        set(result, -1);
        return;
    }
    if (store) {
        for (off_t at = operation->offset; at < end; at += 1 + (at & 7)) map[at - start] = operation->letter;
        set(result, msync(map, end - start, MS_SYNC));
    } else add(result, "sum %llx", (unsigned long long)sum_of(1, map + (operation->offset - start), end - operation->offset));
    munmap(map, end - start);
}

// Paths are relative: the working directory is the side's root.
static void perform(struct side *side, const struct operation *operation, struct result *result) {
    static char buffer[400000];
    int fd = side->slots[operation->slot], opened;
    struct stat status;
    struct statfs system;
    char name[32];
    static const int rename_flags[16] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 0};
    memset(result, 0, sizeof *result);
    errno = 0;
    switch ((enum kind)operation->kind) {
    case OPEN_FILE:
        opened = open(operation->path, open_flags(operation->flags) | O_NONBLOCK, operation->mode | 0600);
        set(result, opened < 0 ? -1 : 0);
        if (opened < 0) break;
        if (fd >= 0) close(fd);
        side->slots[operation->slot] = opened;
        break;
    case CLOSE_FILE:
        set(result, close(fd));
        side->slots[operation->slot] = -1;
        break;
    case WRITE:
        fill(buffer, operation);
        set(result, pwrite(fd, buffer, operation->size, operation->offset));
        break;
    case APPEND:
        fill(buffer, operation);
        if (fstat(fd, &status) < 0 || status.st_size > 1 << 20) break;
        lseek(fd, 0, SEEK_END);
        set(result, write(fd, buffer, operation->size));
        break;
    case READ:
        set(result, pread(fd, buffer, operation->size, operation->offset));
        if (result->value > 0) add(result, "sum %llx", (unsigned long long)sum_of(1, buffer, result->value));
        break;
    case READ_ALL:
        opened = open(operation->path, O_RDONLY | O_NONBLOCK);
        set(result, opened < 0 ? -1 : 0);
        if (opened < 0) break;
        add_content(result, opened);
        close(opened);
        break;
    case CUT: set(result, ftruncate(fd, operation->offset)); break;
    case CUT_BY_PATH: set(result, truncate(operation->path, operation->offset)); break;
    // On FUSE, the kernel truncates the file to its size after a failed O_DIRECT write: blocks beyond it would go; on a tmpfs they stay.
    case ALLOCATE: set(result, fallocate(fd, operation->flags & 1 && !crowded ? FALLOC_FL_KEEP_SIZE : 0, operation->offset, operation->size)); break;
    case PUNCH: set(result, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, operation->offset, operation->size)); break;
    case RENAME: set(result, syscall(SYS_renameat2, AT_FDCWD, operation->path, AT_FDCWD, operation->other_path, rename_flags[operation->flags])); break;
    case LINK: set(result, link(operation->path, operation->other_path)); break;
    case UNLINK: set(result, unlink(operation->path)); break;
    case MKDIR: set(result, mkdir(operation->path, operation->mode)); break;
    case RMDIR: set(result, rmdir(operation->path)); break;
    case SYMLINK: set(result, symlink(operation->flags & 1 ? "a" : "d1/b", operation->path)); break;
    case READLINK:
        set(result, readlink(operation->path, buffer, 100));
        if (result->value > 0) add(result, "%.*s", (int)result->value, buffer);
        break;
    case CHMOD: set(result, chmod(operation->path, operation->mode)); break;
    case CHOWN: set(result, lchown(operation->path, operation->owner, operation->flags & 1 ? ALICE : 0)); break;
    case SET_XATTR:
        snprintf(name, sizeof name, "%s.%u", crowded || !has_user_xattrs || operation->flags & 1 ? "trusted" : "user", operation->flags >> 2);
        fill(buffer, operation);
        set(result, lsetxattr(operation->path, name, buffer, operation->size % 3000, operation->flags & 2 ? XATTR_CREATE : 0));
        break;
    case REMOVE_XATTR:
        snprintf(name, sizeof name, "%s.%u", !has_user_xattrs || operation->flags & 1 ? "trusted" : "user", operation->flags >> 2);
        set(result, lremovexattr(operation->path, name));
        break;
    case LIST_XATTR: add_xattrs(result, operation->path); break;
    case READ_DIRECTORY: {
        opened = open(operation->flags & 1 ? operation->path : ".", O_RDONLY | O_DIRECTORY);
        set(result, opened < 0 ? -1 : 0);
        if (opened < 0) break;
        char **names;
        int count = read_names(opened, &names);
        add(result, "%d:", count);
        for (int i = 0; i < count; i++) add(result, " %.20s", names[i]);
        free_names(names, count);
        break;
    }
    case STORE: map_range(result, fd, operation, true); break;
    case LOAD: map_range(result, fd, operation, false); break;
    case SEEK:
        if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode)) break;
        set(result, lseek(fd, operation->offset, SEEK_DATA));
        add(result, "hole %ld", (long)lseek(fd, operation->offset, SEEK_HOLE));
        break;
    case STAT:
        set(result, lstat(operation->path, &status));
        if (result->value == 0) add_status(result, &status);
        break;
    case FSTAT:
        set(result, fstat(fd, &status));
        if (result->value == 0) add_status(result, &status);
        break;
    case SET_TIMES: {
        struct timespec times[2] = {{operation->offset, operation->size}, {operation->other_offset, operation->size}};
        set(result, utimensat(AT_FDCWD, operation->path, times, AT_SYMLINK_NOFOLLOW));
        if (lstat(operation->path, &status) < 0 || result->value != 0) break;
        add(result, "modified %lld.%ld", (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
        // The path may lead through the symlink itself, by another link to it. On FUSE the kernel follows it by itself, and no time changes.
        if (!S_ISLNK(status.st_mode)) add(result, " accessed %lld.%ld", (long long)status.st_atim.tv_sec, status.st_atim.tv_nsec);
        break;
    }
    case STATFS:
        set(result, fstatfs(side->root, &system));
        add(result, "blocks in use %lld", (long long)(side->free_at_start - system.f_bfree));
        break;
    case SYNC: set(result, fsync(fd)); break;
    case COPY: {
        off_t from = operation->offset, to = operation->other_offset;
        if (!keeps_holes_that_are_copied() && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && from < status.st_size
            && !is_all_data(fd, from, from + (off_t)operation->size < status.st_size ? from + (off_t)operation->size : status.st_size)) {
            add(result, "not all data");
            break;
        }
        set(result, copy_file_range(fd, &from, side->slots[operation->other_slot], &to, operation->size, 0));
        break;
    }
    case MAKE_NODE: set(result, mknod(operation->path, operation->flags & 1 ? S_IFIFO | 0644 : S_IFCHR | 0644, makedev(1, 3))); break;
    case KINDS: break;
    }
}

static void describe(char *text, const struct operation *operation) {
    snprintf(text, TEXT, "%llu %s slot %d/%d path %s other %s offset %lld/%lld size %zu mode %o flags %x as %u", (unsigned long long)step_number,
        kinds[operation->kind].name, operation->slot, operation->other_slot, operation->path, operation->other_path, (long long)operation->offset,
        (long long)operation->other_offset, operation->size, operation->mode, operation->flags, operation->as);
}

static void fail(const char *what, const struct result *results) {
    printf("difference at step %llu of seed %llu: %s\n", (unsigned long long)step_number, (unsigned long long)seed, what);
    for (int i = 0; i < 2; i++)
        printf("  %-10s %ld %s %s\n", sides[i].label, results[i].value, results[i].error ? strerrorname_np(results[i].error) : "", results[i].text);
    puts("last operations:");
    for (int i = HISTORY - 1; i >= 0; i--)
        if (step_number >= (unsigned)i) printf("  %s\n", history[(step_number - i) % HISTORY]);
    exit(1);
}

static bool are_equal(const struct result *a, const struct result *b) { return a->value == b->value && a->error == b->error && !strcmp(a->text, b->text); }

// ---- whole trees

static void compare_trees(const char *path) {
    struct result results[2];
    char **names[2], what[PATH_MAX + 100];
    int counts[2];
    memset(results, 0, sizeof results);
    for (int i = 0; i < 2; i++) {
        struct stat status;
        if (fchdir(sides[i].root) < 0) err(1, "%s", sides[i].label);
        set(&results[i], lstat(path, &status));
        if (results[i].value == 0) add_status(&results[i], &status);
        add_xattrs(&results[i], path);
        names[i] = NULL;
        counts[i] = 0;
        if (S_ISREG(status.st_mode)) {
            int fd = open(path, O_RDONLY);
            if (fd < 0) add(&results[i], " open %s", strerrorname_np(errno));
            else add_content(&results[i], fd), close(fd);
        } else if (S_ISLNK(status.st_mode)) {
            char target[200] = "";
            add(&results[i], " target %zd", readlink(path, target, sizeof target - 1));
            add(&results[i], " %s", target);
        } else if (S_ISDIR(status.st_mode)) {
            counts[i] = read_names(open(path, O_RDONLY | O_DIRECTORY), &names[i]);
            add(&results[i], " entries %d", counts[i]);
        }
    }
    snprintf(what, sizeof what, "the tree at %s", path);
    if (!are_equal(&results[0], &results[1])) fail(what, results);
    for (int i = 0; i < counts[0]; i++) {
        if (strcmp(names[0][i], names[1][i])) {
            for (int s = 0; s < 2; s++) add(&results[s], " entry %s", names[s][i]);
            fail(what, results);
        }
        char child[PATH_MAX];
        snprintf(child, sizeof child, "%s/%s", path, names[0][i] + 1);
        compare_trees(child);
    }
    for (int i = 0; i < 2; i++) free_names(names[i], counts[i]);
}

static void compare_space(void) {
    struct result results[2];
    struct operation operation = {.kind = STATFS};
    for (int i = 0; i < 2; i++) perform(&sides[i], &operation, &results[i]);
    if (!are_equal(&results[0], &results[1])) fail("space in use", results);
}

static void drop_caches(void) {
    int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
    // ENOSPC is the report of a store by mmap from before the stream, which was lost (README, Limits).
    bool synced = syncfs(sides[1].root) == 0 || errno == ENOSPC;
    if (!synced || fd < 0 || write(fd, "3", 1) != 1) err(1, "the page cache can't be dropped");
    close(fd);
}

static void compare_everything(void) {
    if (drops_caches) drop_caches();
    compare_trees(".");
    compare_space();
}

// ---- main

static void ask_reference(int root) {
    has_user_xattrs = fsetxattr(root, "user.probe", "", 0, 0) == 0 && fremovexattr(root, "user.probe") == 0;
    int fd = openat(root, "probe", O_CREAT | O_RDWR | O_DIRECT, 0600);
    has_direct_io = fd >= 0;
    if (fd >= 0) close(fd);
    unlinkat(root, "probe", 0);
}

static void start_side(struct side *side, const char *label, const char *path) {
    struct statfs system;
    side->label = label;
    side->root = open(path, O_RDONLY | O_DIRECTORY);
    if (side->root < 0 || fstatfs(side->root, &system) < 0) err(2, "%s", path);
    side->free_at_start = system.f_bfree;
    for (int i = 0; i < SLOTS; i++) side->slots[i] = -1;
    int copy = openat(side->root, ".", O_RDONLY | O_DIRECTORY), count;
    char **names;
    if ((count = read_names(copy, &names)) != 0) errx(2, "%s is not empty", path);
    free_names(names, count);
}

static void step(bool is_broken) {
    struct operation operation;
    struct result results[2];
    choose(&operation);
    describe(history[step_number % HISTORY], &operation);
    for (int i = 0; i < 2; i++) {
        if (fchdir(sides[i].root) < 0) err(1, "%s", sides[i].label);
        // Listing trusted. needs a capability that setfsuid(2) does not take away. And the kernel clears set-user-ID on FUSE before
        // fallocate, on a tmpfs only when there was room. In 5.10 a tmpfs clears it in neither case.
        bool allocates = operation.kind == ALLOCATE || operation.kind == PUNCH;
        bool as_root = operation.kind == LIST_XATTR || (operation.kind == ALLOCATE && crowded) || (allocates && !is_kernel_at_least(6, 1));
        uid_t as = as_root ? 0 : operation.as;
        setfsuid(as);
        setfsgid(as);
        perform(&sides[i], &operation, &results[i]);
        setfsuid(0);
        setfsgid(0);
        if (results[i].error == ENOTCONN || results[i].error == ECONNABORTED) {
            printf("gone: ");
            fail(sides[i].label, results);
        }
    }
    if (!are_equal(&results[0], &results[1])) fail(kinds[operation.kind].name, results);
    succeeded += results[0].value != -1;
    if (is_broken) {
        int fd = openat(sides[1].root, "broken-on-purpose", O_CREAT | O_WRONLY, 0600);
        if (fd < 0) err(1, "broken-on-purpose");
        close(fd);
    }
}

int main(int count, char **words) {
    uint64_t steps = 20000, tree_every = 2000, break_at = UINT64_MAX;
    struct timespec now;
    if (count > 1 && (!strcmp(words[1], "--help") || !strcmp(words[1], "-h"))) return fputs(manual, stdout), 0;
    if (count < 3) return fputs(manual, stderr), 2;
    clock_gettime(CLOCK_REALTIME, &now);
    seed = (now.tv_sec * 1000 + now.tv_nsec / 1000000) % 1000000007;
    for (int i = 3; i < count; i++) {
        if (!strcmp(words[i], "--crowded")) crowded = true;
        else if (!strcmp(words[i], "--drop-caches")) drops_caches = true;
        else if (i + 1 == count) errx(2, "%s: unknown, or it needs a number", words[i]);
        else if (!strcmp(words[i], "--seed")) seed = strtoull(words[++i], NULL, 10);
        else if (!strcmp(words[i], "--steps")) steps = strtoull(words[++i], NULL, 10);
        else if (!strcmp(words[i], "--tree-every")) tree_every = strtoull(words[++i], NULL, 10);
        else if (!strcmp(words[i], "--break")) break_at = strtoull(words[++i], NULL, 10);
        else errx(2, "unknown option %s", words[i]);
    }
    random_state = seed * 0x9e3779b97f4a7c15ull + 1;
    memset(long_name, 'l', 255);
    setvbuf(stdout, NULL, _IOLBF, 0);
    // Some of the files are FIFOs.
    signal(SIGPIPE, SIG_IGN);
    umask(022);
    start_side(&sides[0], "reference", words[1]);
    start_side(&sides[1], "tested", words[2]);
    ask_reference(sides[0].root);
    printf("seed %llu, %llu steps\n", (unsigned long long)seed, (unsigned long long)steps);
    for (step_number = 0; step_number < steps; step_number++) {
        step(step_number == break_at);
        if (step_number % tree_every == tree_every - 1) compare_everything();
    }
    compare_everything();
    struct statfs system;
    for (int i = 0; i < 2; i++)
        for (int slot = 0; slot < SLOTS; slot++)
            if (sides[i].slots[slot] >= 0) close(sides[i].slots[slot]);
    compare_everything();
    fstatfs(sides[1].root, &system);
    printf("no difference; %llu operations succeeded; %lld blocks in use at the end\n", (unsigned long long)succeeded,
        (long long)(sides[1].free_at_start - system.f_bfree));
    return 0;
}
