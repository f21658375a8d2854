// The flags of chattr(1) and lsattr(1), and their effects. A case clears its flags at the end: else its directory can't be removed.
#include "cases.h"

#define SUBJECT "flags"

static int with_file(const char *path, unsigned long request, void *argument) {
    // Before 6.0 a tmpfs has no flags: the file that they should have kept may be gone.
    int fd = open(path, O_RDONLY);
    if (fd < 0) return -1;
    int result = ioctl(fd, request, argument), error = errno;
    close(fd);
    errno = error;
    return result;
}

static int set_flags(const char *path, unsigned flags) { return with_file(path, FS_IOC_SETFLAGS, &flags); }

static void show_flags(const char *path) {
    unsigned flags = 0;
    int result = with_file(path, FS_IOC_GETFLAGS, &flags);
    say("flags of %s = %s %#x", path, outcome(result), flags);
}

static int set_extended(const char *path, struct fsxattr attributes) { return with_file(path, FS_IOC_FSSETXATTR, &attributes); }

static void show_extended(const char *path) {
    struct fsxattr attributes = {0};
    int result = with_file(path, FS_IOC_FSGETXATTR, &attributes);
    say("extended flags of %s = %s %#x, extents %u of %u and %u, project %u", path, outcome(result), attributes.fsx_xflags,
        attributes.fsx_nextents, attributes.fsx_extsize, attributes.fsx_cowextsize, attributes.fsx_projid);
}

// ---- setting and showing

CASE(set_and_show) {
    make_text("f", "x");
    MUST(mkdir("d", 0755));
    const char *paths[] = {"f", "d"};
    for (int i = 0; i < 2; i++) {
        show_flags(paths[i]);
        for (unsigned bit = 0; bit < 32; bit++) {
            say("set bit %u of %s = %s", bit, paths[i], outcome(set_flags(paths[i], 1u << bit)));
            show_flags(paths[i]);
        }
        DO(set_flags(paths[i], FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL | FS_NOATIME_FL));
        show_flags(paths[i]);
        DO(set_flags(paths[i], FS_NODUMP_FL | FS_COMPR_FL));
        show_flags(paths[i]);
        DO(set_flags(paths[i], 0));
        show_flags(paths[i]);
    }
}

CASE(extended) {
    make_text("f", "x");
    show_extended("f");
    for (unsigned bit = 0; bit < 32; bit++) {
        // Kernels differ in which of the other bits they know.
        if (bit >= 16 && bit != 31) continue;
        say("set bit %u = %s", bit, outcome(set_extended("f", (struct fsxattr){.fsx_xflags = 1u << bit})));
        show_extended("f");
        show_flags("f");
    }
    DO(set_extended("f", (struct fsxattr){.fsx_xflags = FS_XFLAG_NODUMP, .fsx_extsize = 4096}));
    DO(set_extended("f", (struct fsxattr){.fsx_xflags = FS_XFLAG_NODUMP, .fsx_cowextsize = 4096}));
    DO(set_extended("f", (struct fsxattr){.fsx_xflags = FS_XFLAG_NODUMP, .fsx_projid = 1}));
    DO(set_extended("f", (struct fsxattr){.fsx_xflags = FS_XFLAG_NOATIME, .fsx_nextents = 1}));
    show_extended("f");
    DO(set_extended("f", (struct fsxattr){0}));
    show_extended("f");
}

CASE(who_may_set) {
    make_text("f", "x");
    MUST(chown("f", ALICE, STAFF));
    AS(ALICE, STAFF) {
        DO(set_flags("f", FS_NODUMP_FL));
        DO(set_flags("f", FS_NOATIME_FL | FS_NODUMP_FL));
        DO(set_flags("f", FS_IMMUTABLE_FL));
        DO(set_flags("f", FS_APPEND_FL));
        DO(set_flags("f", FS_COMPR_FL));
        show_flags("f");
    }
    AS(BOB, GUESTS) {
        DO(set_flags("f", 0));
        show_flags("f");
    }
    DO(set_flags("f", FS_IMMUTABLE_FL | FS_NODUMP_FL));
    AS(ALICE, STAFF) {
        DO(set_flags("f", FS_IMMUTABLE_FL));
        DO(set_flags("f", 0));
        show_flags("f");
    }
    DO(set_flags("f", 0));
}

CASE(change_time) {
    make_text("f", "x");
    WATCH("f", ".");
    TIMED(set_flags("f", FS_NODUMP_FL));
    TIMED(set_flags("f", FS_NODUMP_FL));
    TIMED(set_flags("f", FS_IMMUTABLE_FL));
    TIMED(set_flags("f", FS_COMPR_FL));
    TIMED(set_flags("f", 0));
}

CASE(inherited) {
    MUST(mkdir("d", 0755));
    make_text("f", "x");
    show_flags("f");
    DO(set_flags("d", FS_NODUMP_FL | FS_NOATIME_FL | FS_APPEND_FL));
    DO(mkdir("d/d", 0755));
    OPEN(open("d/f", O_CREAT | O_WRONLY, 0644));
    DO(link("f", "d/g"));
    show_flags("d/d");
    show_flags("d/f");
    show_flags("d/g");
    DO(set_flags("d", 0));
    DO(mkdir("d/e", 0755));
    DO(rename("d/f", "d/e/f"));
    show_flags("d/e");
    show_flags("d/e/f");
}

CASE(no_access_time) {
    make_text("f", "x");
    MUST(mkdir("d", 0755));
    char byte;
    int fd = NEED(open("f", O_RDONLY));
    DO(set_flags("f", FS_NOATIME_FL));
    DO(set_flags("d", FS_NOATIME_FL));
    WATCH("f", "d");
    TIMED(read(fd, &byte, 1));
    TIMED(open("d", O_RDONLY));
    DIR *directory = opendir("d");
    while (readdir(directory)) {}
    show_times("readdir");
}

// The flags of a file after a write that bypassed the page cache.
CASE(asked_between_writes) {
    make_text("f", "one");
    show_content("f");
    for (int i = 0; i < 2; i++) {
        int fd = MUST(open("f", O_WRONLY));
        DO(pwrite(fd, i ? "3" : "2", 1, 0));
        MUST(close(fd));
        show_flags("f");
        show_extended("f");
        show_content("f");
    }
}

CASE(of_other_kinds) {
    MUST(mknod("p", S_IFIFO | 0644, 0));
    MUST(symlink("f", "l"));
    unsigned flags = 0;
    int fd = NEED(open("p", O_RDONLY | O_NONBLOCK));
    DO(ioctl(fd, FS_IOC_GETFLAGS, &flags));
    DO(ioctl(fd, FS_IOC_SETFLAGS, &flags));
    int link = NEED(open("l", O_PATH | O_NOFOLLOW));
    DO(ioctl(link, FS_IOC_GETFLAGS, &flags));
}

CASE(in_statx) {
    make_text("f", "x");
    static const unsigned all[] = {FS_IMMUTABLE_FL, FS_APPEND_FL, FS_NODUMP_FL, FS_NOATIME_FL, 0};
    for (int i = 0; i < 5; i++) {
        struct statx status;
        say("set %#x = %s", all[i], outcome(set_flags("f", all[i])));
        MUST(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &status));
        say("attributes = %#llx", (unsigned long long)status.stx_attributes);
    }
}

// ---- files

static const unsigned fixing[] = {FS_IMMUTABLE_FL, FS_APPEND_FL};
static const char *const names[] = {"immutable", "append"};

// All changes of a file by its path, and all modes of opening it.
static void change_by_path(void) {
    struct timespec past[2] = {{1, 0}, {1, 0}}, now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    struct timespec half[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}}, other[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
    struct timespec none[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    DO(chmod("f", 0600));
    DO(chown("f", ALICE, STAFF));
    DO(chown("f", -1, STAFF));
    DO(chown("f", -1, -1));
    DO(utimensat(AT_FDCWD, "f", past, 0));
    DO(utimensat(AT_FDCWD, "f", now, 0));
    DO(utimensat(AT_FDCWD, "f", half, 0));
    DO(utimensat(AT_FDCWD, "f", other, 0));
    DO(utimensat(AT_FDCWD, "f", none, 0));
    DO(utimensat(AT_FDCWD, "f", NULL, 0));
    DO(truncate("f", 1));
    DO(truncate("f", 100));
    DO(setxattr("f", "trusted.a", "v", 1, 0));
    DO(setxattr("f", "trusted.b", "v", 1, 0));
    DO(removexattr("f", "trusted.a"));
    DO(removexattr("f", "trusted.none"));
    DO(removexattr("f", "system.posix_acl_access"));
    DO(link("f", "g"));
    DO(rename("f", "g"));
    DO(rename("other", "f"));
    DO(flip("other", "f", RENAME_EXCHANGE));
    DO(flip("f", "other", RENAME_EXCHANGE));
    DO(flip("f", "g", RENAME_WHITEOUT));
    DO(flip("f", "g", RENAME_NOREPLACE));
    DO(unlink("f"));
    static const int modes[] = {O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_APPEND, O_RDWR | O_APPEND, O_RDONLY | O_TRUNC, O_WRONLY | O_TRUNC,
        O_RDWR | O_APPEND | O_TRUNC, O_WRONLY | O_CREAT, O_WRONLY | O_CREAT | O_EXCL, O_RDONLY | O_CREAT | O_APPEND};
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) say("open %#o = %s", modes[i], outcome_fd(open("f", modes[i], 0644)));
}

CASE(of_files) {
    for (int i = 0; i < 2; i++) {
        make_text("f", "text");
        make_text("other", "other");
        MUST(setxattr("f", "trusted.a", "old", 3, 0));
        say("%s = %s", names[i], outcome(set_flags("f", fixing[i])));
        change_by_path();
        show_stat("f");
        show_content("f");
        show_xattrs("f");
        show_dir(".");
        DO(set_flags("f", 0));
        DO(unlink("f"));
        DO(unlink("g"));
        DO(unlink("other"));
    }
}

// A descriptor from before still writes to the file.
CASE(of_open_files) {
    for (int i = 0; i < 2; i++) {
        make_text("f", "text");
        int fd = NEED(open("f", O_RDWR));
        int reader = NEED(open("f", O_RDONLY));
        say("%s = %s", names[i], outcome(set_flags("f", fixing[i])));
        DO(pwrite(fd, "TEX", 3, 0));
        DO(pwrite(fd, "more", 4, 4));
        DO(ftruncate(fd, 2));
        DO(ftruncate(fd, 20));
        DO(fallocate(fd, 0, 0, 5000));
        DO(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 9000));
        DO(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 4096));
        DO(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 4096));
        DO(fallocate(fd, 0, 0, 0));
        DO(fchmod(fd, 0600));
        DO(fchown(fd, ALICE, STAFF));
        DO(futimens(reader, NULL));
        DO(fsetxattr(reader, "trusted.a", "v", 1, 0));
        DO(fsync(fd));
        show_fstat("f", fd);
        show_content("f");
        DO(set_flags("f", 0));
        MUST(close(fd));
        MUST(close(reader));
        DO(unlink("f"));
    }
}

CASE(appending) {
    make_text("f", "one ");
    DO(set_flags("f", FS_APPEND_FL));
    int fd = NEED(open("f", O_RDWR | O_APPEND));
    DO(write(fd, "two ", 4));
    DO(pwrite(fd, "three ", 6, 0));
    struct iovec part = {.iov_base = "four ", .iov_len = 5};
    DO(pwritev2(fd, &part, 1, 0, 0));
    char text[10] = "";
    DO(pread(fd, text, 9, 4));
    say("text = %s", text);
    DO(ftruncate(fd, 3));
    DO(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 9000));
    show_content("f");
    show_stat("f");
    DO(set_flags("f", 0));
}

// O_APPEND can't be cleared on the descriptor: on a tmpfs, fcntl(2) fails.
CASE(appending_for_good) {
    make_text("f", "one ");
    DO(set_flags("f", FS_APPEND_FL));
    int fd = NEED(open("f", O_WRONLY | O_APPEND));
    DO(fcntl(fd, F_SETFL, 0));
    DO(pwrite(fd, "X", 1, 0));
    show_content("f");
    DO(set_flags("f", 0));
}

CASE(mapping_what_is_appended_to) {
    make_file("f", PAGE, 'a');
    DO(set_flags("f", FS_APPEND_FL));
    int fd = NEED(open("f", O_RDWR | O_APPEND)), reader = NEED(open("f", O_RDONLY));
    say("shared for reading = %s", mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0) == MAP_FAILED ? strerrorname_np(errno) : "ok");
    say("private = %s", mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) == MAP_FAILED ? strerrorname_np(errno) : "ok");
    say("shared = %s", mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? strerrorname_np(errno) : "ok");
    DO(set_flags("f", 0));
}

// The kernel, not the file system, decides which of two errors a user gets, and the result of access(2).
CASE(asked_before) {
    make_text("f", "x");
    DO(set_flags("f", FS_IMMUTABLE_FL));
    DO(access("f", R_OK));
    DO(access("f", W_OK));
    AS(ALICE, STAFF) {
        OPEN(open("f", O_WRONLY));
        DO(chmod("f", 0600));
    }
    DO(set_flags("f", 0));
}

// ---- directories

static void change_directory(void) {
    OPEN(open("d/new", O_CREAT | O_WRONLY, 0644));
    OPEN(open("d/old", O_CREAT | O_WRONLY, 0644));
    OPEN(open("d/old", O_CREAT | O_EXCL | O_WRONLY, 0644));
    DO(mkdir("d/directory", 0755));
    DO(mkdir("d/sub", 0755));
    DO(mknod("d/fifo", S_IFIFO | 0644, 0));
    DO(symlink("x", "d/symlink"));
    DO(link("f", "d/link"));
    DO(link("f", "d/old"));
    DO(link("d/old", "g"));
    DO(rename("f", "d/f"));
    DO(rename("f", "d/old"));
    DO(rename("d/old", "e/old"));
    DO(rename("d/old", "d/other"));
    DO(rename("d/old", "d/old"));
    DO(rename("d/sub", "e/sub"));
    DO(flip("f", "d/old", RENAME_EXCHANGE));
    DO(flip("d/old", "f", RENAME_EXCHANGE));
    DO(flip("d/old", "d/third", RENAME_WHITEOUT));
    DO(unlink("d/old"));
    DO(unlink("d/none"));
    DO(rmdir("d/sub"));
    DO(rmdir("d/full"));
    DO(rename("d", "moved"));
    DO(rename("d", "e/moved"));
    DO(rmdir("d"));
    DO(chmod("d", 0700));
    DO(utimensat(AT_FDCWD, "d", NULL, 0));
    DO(setxattr("d", "trusted.a", "v", 1, 0));
    OPEN(open("d/old", O_WRONLY | O_TRUNC));
    DO(chmod("d/old", 0600));
}

CASE(of_directories) {
    for (int i = 0; i < 2; i++) {
        MUST(mkdir("d", 0755));
        MUST(mkdir("d/sub", 0755));
        MUST(mkdir("d/full", 0755));
        MUST(mkdir("d/full/x", 0755));
        make_text("d/old", "old");
        MUST(mkdir("e", 0755));
        make_text("f", "f");
        say("%s = %s", names[i], outcome(set_flags("d", fixing[i])));
        change_directory();
        show_stat("d");
        show_dir("d");
        show_dir("e");
        show_dir(".");
        DO(set_flags("d", 0));
        MUST(system("rm -rf d e f g moved"));
    }
}

// The kernel tells a file from a directory before it asks the file system.
CASE(of_the_victim) {
    MUST(mkdir("d", 0755));
    make_text("f", "f");
    DO(set_flags("d", FS_IMMUTABLE_FL));
    DO(set_flags("f", FS_IMMUTABLE_FL));
    DO(rmdir("d"));
    DO(unlink("d"));
    DO(rmdir("f"));
    DO(rename("f", "d"));
    DO(set_flags("d", 0));
    DO(set_flags("f", 0));
}
