// The functions that cases.h declares, all but the registry.
#include "cases.h"

#include <grp.h>
#include <stdarg.h>

extern const char *current_case;

// ---- steps

void say(const char *format, ...) {
    char line[8192];
    int length = snprintf(line, sizeof line, "%s: ", current_case);
    va_list arguments;
    va_start(arguments, format);
    length += vsnprintf(line + length, sizeof line - length - 1, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof line - 2) length = sizeof line - 2;
    for (int i = 0; i < length; i++)
        if (line[i] == '\n') line[i] = ' ';
    line[length++] = '\n';
    // One write per line, so that children's lines neither mix nor stay in a buffer that fork copies.
    if (write(STDOUT_FILENO, line, length) != length) _exit(99);
}

static char *next_text(void) {
    static char texts[16][64];
    static unsigned next;
    return texts[next++ % 16];
}

static const char *errno_name(void) {
    const char *name = strerrorname_np(errno);
    return name ? name : "an unknown errno";
}

const char *outcome(long value) {
    if (value == -1) return errno_name();
    char *text = next_text();
    snprintf(text, 64, "%ld", value);
    return text;
}

const char *outcome_fd(long value) { return value < 0 ? errno_name() : "ok"; }

void set_up_failed(const char *call) {
    say("set-up failed: %s = %s", call, errno_name());
    _exit(98);
}

static bool wait_for_child(pid_t child) {
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) set_up_failed("waitpid");
    if (WIFSIGNALED(status)) say("child died of signal %d", WTERMSIG(status));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 98) _exit(98);
    return false;
}

bool begin_child(void) {
    pid_t child = fork();
    if (child < 0) set_up_failed("fork");
    return child == 0 ? true : wait_for_child(child);
}

bool begin_as(uid_t uid, gid_t gid, gid_t group) {
    if (!begin_child()) return false;
    MUST(setgroups(1, &group));
    MUST(setresgid(gid, gid, gid));
    MUST(setresuid(uid, uid, uid));
    return true;
}

void end_child(void) { _exit(0); }

// ---- files to work with

char *letters(size_t size, char letter) {
    static char *buffers[4];
    static unsigned next;
    char **buffer = &buffers[next++ % 4];
    free(*buffer);
    if (posix_memalign((void **)buffer, PAGE, size + PAGE)) set_up_failed("posix_memalign");
    memset(*buffer, letter, size);
    return *buffer;
}

void write_letters(int fd, off_t offset, size_t size, char letter) {
    char chunk[65536];
    memset(chunk, letter, sizeof chunk);
    while (size > 0) {
        size_t count = size < sizeof chunk ? size : sizeof chunk;
        if (pwrite(fd, chunk, count, offset) != (ssize_t)count) set_up_failed("pwrite of letters");
        size -= count;
        offset += count;
    }
}

void make_file(const char *path, size_t size, char letter) {
    int fd = MUST(open(path, O_CREAT | O_EXCL | O_WRONLY, 0644));
    MUST(fchmod(fd, 0644));
    write_letters(fd, 0, size, letter);
    MUST(close(fd));
}

void make_text(const char *path, const char *text) {
    int fd = MUST(open(path, O_CREAT | O_EXCL | O_WRONLY, 0644));
    if (write(fd, text, strlen(text)) != (ssize_t)strlen(text)) set_up_failed("write of a text");
    MUST(close(fd));
}

const char *const kinds[] = {"file", "directory", "fifo", "socket", "char", "block", "symlink", NULL};

void make_kind(const char *path, const char *kind) {
    if (!strcmp(kind, "file")) make_file(path, 3, 'k');
    else if (!strcmp(kind, "directory")) MUST(mkdir(path, 0755));
    else if (!strcmp(kind, "fifo")) MUST(mknod(path, S_IFIFO | 0644, 0));
    else if (!strcmp(kind, "socket")) MUST(mknod(path, S_IFSOCK | 0644, 0));
    else if (!strcmp(kind, "char")) MUST(mknod(path, S_IFCHR | 0644, makedev(1, 3)));
    else if (!strcmp(kind, "block")) MUST(mknod(path, S_IFBLK | 0644, makedev(7, 200)));
    else if (!strcmp(kind, "symlink")) MUST(symlink("nowhere", path));
    else set_up_failed(kind);
}

void make_program(const char *path, mode_t mode) {
    int from = MUST(open("/proc/self/exe", O_RDONLY));
    int to = MUST(open(path, O_CREAT | O_EXCL | O_WRONLY, 0700));
    char chunk[65536];
    for (ssize_t count; (count = MUST(read(from, chunk, sizeof chunk))) > 0;)
        if (write(to, chunk, count) != count) set_up_failed("write of a program");
    MUST(fchmod(to, mode));
    MUST(close(to));
    MUST(close(from));
}

void run_program(const char *path, const char *argument) {
    pid_t child = fork();
    if (child < 0) set_up_failed("fork");
    if (child == 0) {
        char *arguments[] = {(char *)path, "--as-program", (char *)argument, (char *)current_case, NULL};
        execv(path, arguments);
        say("execv %s = %s", path, errno_name());
        _exit(97);
    }
    int status;
    MUST(waitpid(child, &status, 0));
    if (WIFSIGNALED(status)) say("run %s: signal %d", path, WTERMSIG(status));
    else say("run %s: exit code %d", path, WEXITSTATUS(status));
}

// ---- printing files and directories

const char *kind_of_mode(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    case S_IFCHR: return "char";
    case S_IFBLK: return "block";
    case S_IFLNK: return "symlink";
    default: return "unknown";
    }
}

static void say_stat(const char *label, const struct stat *status) {
    char device[48] = "";
    if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode))
        snprintf(device, sizeof device, " device %u:%u", major(status->st_rdev), minor(status->st_rdev));
    say("stat %s = %s %04o %u:%u links %lu size %lld blocks %lld%s", label, kind_of_mode(status->st_mode),
        status->st_mode & 07777, status->st_uid, status->st_gid, (unsigned long)status->st_nlink,
        (long long)status->st_size, (long long)status->st_blocks, device);
}

// A name in printable characters, shortened if it is long.
static const char *plain(const char *path) {
    static char text[4][256];
    static unsigned next;
    char *out = text[next++ % 4];
    size_t length = strlen(path), at = 0;
    for (size_t i = 0; i < length && at < 60; i++) {
        unsigned char byte = path[i];
        if (byte > 32 && byte < 127 && byte != '\\') out[at++] = byte;
        else at += snprintf(out + at, 8, "\\x%02x", byte);
    }
    if (length >= 60) snprintf(out + at, 40, "...(%zu bytes)", length);
    else out[at] = 0;
    return out;
}

void show_stat(const char *path) {
    struct stat status;
    if (lstat(path, &status) < 0) say("stat %s = %s", plain(path), errno_name());
    else say_stat(plain(path), &status);
}

void show_fstat(const char *label, int fd) {
    struct stat status;
    if (fstat(fd, &status) < 0) say("stat %s = %s", label, errno_name());
    else say_stat(label, &status);
}

void show_mode(const char *path) {
    struct stat status;
    if (lstat(path, &status) < 0) say("mode %s = %s", plain(path), errno_name());
    else say("mode %s = %04o", plain(path), status.st_mode & 07777);
}

void show_owner(const char *path) {
    struct stat status;
    if (lstat(path, &status) < 0) say("owner %s = %s", plain(path), errno_name());
    else say("owner %s = %u:%u %04o", plain(path), status.st_uid, status.st_gid, status.st_mode & 07777);
}

void show_bytes(const char *label, const void *bytes, size_t size) {
    char line[4096];
    size_t at = 0, runs = 0;
    const unsigned char *byte = bytes;
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < size;) {
        size_t end = i + 1;
        while (end < size && byte[end] == byte[i]) end++;
        if (runs++ < 60) {
            if (byte[i] > 32 && byte[i] < 127) at += snprintf(line + at, 40, " %zux%c", end - i, byte[i]);
            else at += snprintf(line + at, 40, " %zux%02x", end - i, byte[i]);
        }
        for (; i < end; i++) sum = (sum ^ byte[i]) * 16777619u;
    }
    line[at] = 0;
    if (runs > 60) say("content %s = %zu bytes, %zu runs, sum %08x", label, size, runs, sum);
    else say("content %s = %zu bytes:%s", label, size, line);
}

void show_fd_content(const char *label, int fd) {
    size_t room = 1 << 16, size = 0;
    char *bytes = malloc(room);
    for (;;) {
        if (size == room) bytes = realloc(bytes, room *= 2);
        ssize_t count = pread(fd, bytes + size, room - size, size);
        if (count < 0) {
            say("content %s: read at %zu = %s", label, size, errno_name());
            free(bytes);
            return;
        }
        if (count == 0) break;
        size += count;
    }
    show_bytes(label, bytes, size);
    free(bytes);
}

void show_content(const char *path) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) {
        say("content %s = %s", plain(path), errno_name());
        return;
    }
    show_fd_content(plain(path), fd);
    close(fd);
}

void show_extents(const char *path) {
    int fd = MUST(open(path, O_RDONLY));
    char line[4000];
    size_t at = 0;
    off_t offset = 0;
    line[0] = 0;
    while (at < sizeof line - 100) {
        off_t data = lseek(fd, offset, SEEK_DATA);
        if (data < 0) {
            at += snprintf(line + at, 60, " %s", errno_name());
            break;
        }
        off_t hole = lseek(fd, data, SEEK_HOLE);
        at += snprintf(line + at, 90, " %lld-%lld", (long long)data, (long long)hole);
        if (hole <= data) break;
        offset = hole;
    }
    say("extents %s =%s", plain(path), line);
    close(fd);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

void show_dir(const char *path) {
    DIR *directory = opendir(path);
    if (!directory) {
        say("entries of %s = %s", plain(path), errno_name());
        return;
    }
    char **lines = NULL;
    size_t count = 0;
    for (struct dirent *entry; (errno = 0, entry = readdir(directory));) {
        lines = realloc(lines, (count + 1) * sizeof *lines);
        if (asprintf(&lines[count++], "%s %s", plain(entry->d_name), kind_of_mode(DTTOIF(entry->d_type))) < 0) abort();
    }
    if (errno) say("readdir %s = %s", plain(path), errno_name());
    closedir(directory);
    if (count) qsort(lines, count, sizeof *lines, by_name);
    say("entries of %s = %zu", plain(path), count);
    for (size_t i = 0; i < count; i++) {
        if (i < 50) say("entry of %s: %s", plain(path), lines[i]);
        free(lines[i]);
    }
    free(lines);
}

void show_xattrs(const char *path) {
    static char list[70000];
    ssize_t size = llistxattr(path, list, sizeof list);
    if (size < 0) {
        say("xattrs %s = %s", plain(path), errno_name());
        return;
    }
    char *names[1000];
    size_t count = 0;
    for (char *name = list; name < list + size && count < 1000; name += strlen(name) + 1) names[count++] = name;
    if (count) qsort(names, count, sizeof *names, by_name);
    say("xattrs %s = %zu names, %zd bytes", plain(path), count, size);
    for (size_t i = 0; i < count && i < 30; i++) {
        static char value[70000];
        ssize_t length = lgetxattr(path, names[i], value, sizeof value);
        if (length < 0) say("xattr %s = %s", plain(names[i]), errno_name());
        else show_bytes(plain(names[i]), value, length);
    }
}

void show_link(const char *path) {
    char target[PATH_MAX + 1];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0) {
        say("readlink %s = %s", plain(path), errno_name());
        return;
    }
    target[length] = 0;
    say("readlink %s = %s", plain(path), plain(target));
}

// ---- times

static struct {
    const char *path;
    struct stat before;
} watched[8];
static int watched_count;

// Sleeps for two and a half ticks of the kernel: file times may come from a clock that moves once in a tick.
void tick(void) {
    static struct timespec kernel_tick;
    if (kernel_tick.tv_nsec == 0) MUST(clock_getres(CLOCK_REALTIME_COARSE, &kernel_tick));
    usleep(kernel_tick.tv_nsec / 1000 * 5 / 2);
}

void watch(const char *path, ...) {
    va_list arguments;
    va_start(arguments, path);
    for (watched_count = 0; path && watched_count < 8; path = va_arg(arguments, const char *)) {
        watched[watched_count].path = path;
        if (lstat(path, &watched[watched_count++].before) < 0) set_up_failed(path);
    }
    va_end(arguments);
    tick();
}

static int compare_times(struct timespec a, struct timespec b) {
    if (a.tv_sec != b.tv_sec) return a.tv_sec < b.tv_sec ? -1 : 1;
    return a.tv_nsec < b.tv_nsec ? -1 : a.tv_nsec > b.tv_nsec;
}

static size_t add_time(char *line, const char *name, struct timespec before, struct timespec after) {
    if (compare_times(before, after) == 0) return 0;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    long long age = (now.tv_sec - after.tv_sec) * 1000000000LL + now.tv_nsec - after.tv_nsec;
    const char *remark = "";
    if (age < 0) remark = "(future)";
    else if (age > 20000000000LL) remark = "(past)";
    return sprintf(line, " %s%s", name, remark);
}

void show_times(const char *step) {
    for (int i = 0; i < watched_count; i++) {
        struct stat after;
        char line[200] = "";
        if (lstat(watched[i].path, &after) < 0) {
            say("%s: times of %s = %s", step, watched[i].path, errno_name());
            continue;
        }
        size_t at = add_time(line, "atime", watched[i].before.st_atim, after.st_atim);
        at += add_time(line + at, "mtime", watched[i].before.st_mtim, after.st_mtim);
        at += add_time(line + at, "ctime", watched[i].before.st_ctim, after.st_ctim);
        say("%s: changed times of %s =%s", step, watched[i].path, at ? line : " none");
        watched[i].before = after;
    }
    tick();
}

// ---- memory access that may fail

static sigjmp_buf fault_return;
static volatile sig_atomic_t fault_signal;

static void on_fault(int signal) {
    fault_signal = signal;
    siglongjmp(fault_return, 1);
}

static int access_memory(const volatile char *address, bool store, char value) {
    struct sigaction action = {.sa_handler = on_fault}, old_bus, old_segv;
    sigaction(SIGBUS, &action, &old_bus);
    sigaction(SIGSEGV, &action, &old_segv);
    volatile int result;
    if (sigsetjmp(fault_return, 1)) result = -fault_signal;
    else if (store) {
        *(volatile char *)address = value;
        result = (unsigned char)value;
    } else result = (unsigned char)*address;
    sigaction(SIGBUS, &old_bus, NULL);
    sigaction(SIGSEGV, &old_segv, NULL);
    return result;
}

int peek(const volatile char *address) { return access_memory(address, false, 0); }
int poke(volatile char *address, char value) { return access_memory(address, true, value); }

const char *outcome_access(int value) {
    if (value == -SIGBUS) return "SIGBUS";
    if (value == -SIGSEGV) return "SIGSEGV";
    char *text = next_text();
    snprintf(text, 64, value > 32 && value < 127 ? "%c" : "%02x", value);
    return text;
}

// ---- system calls

int sys_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    return syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int flip(const char *from, const char *to, unsigned flags) {
    return sys_renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}
