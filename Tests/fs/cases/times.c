// Which operation changes which time, and utimensat(2).
#include "cases.h"

#define SUBJECT "times"

static void show_set_times(const char *path) {
    struct stat status;
    MUST(lstat(path, &status));
    say("times of %s = %lld.%09ld %lld.%09ld", path, (long long)status.st_atim.tv_sec, status.st_atim.tv_nsec, (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static int set_times(const char *path, long long atime, long atime_ns, long long mtime, long mtime_ns, int flags) {
    struct timespec times[2] = {{atime, atime_ns}, {mtime, mtime_ns}};
    return utimensat(AT_FDCWD, path, times, flags);
}

// ---- what changes what

CASE(create) {
    WATCH(".");
    TIMED(close(open("f", O_CREAT | O_WRONLY, 0644)));
    TIMED(close(open("f", O_CREAT | O_WRONLY, 0644)));
    TIMED(open("f", O_CREAT | O_EXCL | O_WRONLY, 0644));
}

CASE(create_over_existing) {
    make_text("f", "x");
    WATCH("f", ".");
    TIMED(close(open("f", O_CREAT | O_WRONLY, 0644)));
    TIMED(close(open("f", O_RDONLY)));
    TIMED(close(open("f", O_RDWR)));
    TIMED(close(open("f", O_WRONLY | O_TRUNC)));
    TIMED(close(open("f", O_WRONLY | O_TRUNC)));
}

CASE(make_entries) {
    MUST(mkdir("d", 0755));
    WATCH("d", ".");
    TIMED(mkdir("d/e", 0755));
    TIMED(mknod("d/p", S_IFIFO | 0600, 0));
    TIMED(symlink("x", "d/l"));
    TIMED(mkdir("d/e", 0755));
    TIMED(rmdir("d/e"));
    TIMED(unlink("d/p"));
    TIMED(unlink("d/l"));
    TIMED(unlink("d/l"));
}

CASE(parent_of_new_directory) {
    MUST(mkdir("d", 0755));
    MUST(mkdir("d/e", 0755));
    WATCH("d", "d/e");
    TIMED(mkdir("d/e/f", 0755));
    TIMED(rmdir("d/e/f"));
}

CASE(link_and_unlink) {
    make_text("f", "x");
    MUST(mkdir("d", 0755));
    WATCH("f", ".", "d");
    TIMED(link("f", "d/g"));
    TIMED(unlink("d/g"));
    TIMED(link("f", "f"));
    TIMED(link("missing", "x"));
}

CASE(unlink_seen_through_the_other_name) {
    make_text("f", "x");
    MUST(link("f", "g"));
    WATCH("g", ".");
    TIMED(unlink("f"));
}

CASE(rename_in_a_directory) {
    make_text("f", "x");
    MUST(mkdir("d", 0755));
    WATCH(".", "d");
    TIMED(rename("f", "g"));
    TIMED(rename("g", "g"));
    TIMED(rename("missing", "g"));
    TIMED(rename("d", "g"));
}

CASE(rename_changes_the_file) {
    make_text("f", "x");
    MUST(link("f", "same"));
    MUST(mkdir("d", 0755));
    WATCH("same", ".", "d");
    TIMED(rename("f", "g"));
    TIMED(rename("g", "d/h"));
}

CASE(rename_over) {
    make_text("f", "x");
    make_text("g", "y");
    MUST(link("f", "f-too"));
    MUST(link("g", "g-too"));
    WATCH("f-too", "g-too", ".");
    TIMED(rename("f", "g"));
}

CASE(rename_directory) {
    MUST(mkdir("a", 0755));
    MUST(mkdir("b", 0755));
    MUST(mkdir("a/d", 0755));
    int fd = MUST(open("a/d", O_RDONLY));
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d/.", fd);
    WATCH(path, "a", "b");
    DO(rename("a/d", "b/e"));
    struct stat a, b, d;
    MUST(stat("a", &a));
    MUST(stat("b", &b));
    MUST(stat("b/e", &d));
    say("both parents at the same time = %d", a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec);
    say("and the directory's ctime = %d", a.st_mtim.tv_sec == d.st_ctim.tv_sec && a.st_mtim.tv_nsec == d.st_ctim.tv_nsec);
}

CASE(rename_exchange) {
    MUST(mkdir("d", 0755));
    make_text("f", "x");
    make_text("d/g", "y");
    MUST(link("f", "f-too"));
    MUST(link("d/g", "g-too"));
    WATCH("f-too", "g-too", ".", "d");
    TIMED(flip("f", "d/g", RENAME_EXCHANGE));
}

CASE(write) {
    make_text("f", "0123456789");
    int fd = MUST(open("f", O_RDWR));
    WATCH("f");
    TIMED(write(fd, "abc", 3));
    TIMED(write(fd, "", 0));
    TIMED(pwrite(fd, "abc", 3, 100000));
    TIMED(pwrite(fd, "abc", 3, -1));
    TIMED(close(fd));
}

CASE(truncate) {
    make_text("f", "0123456789");
    int fd = MUST(open("f", O_RDWR));
    WATCH("f");
    TIMED(truncate("f", 10));
    TIMED(ftruncate(fd, 10));
    TIMED(truncate("f", 5));
    TIMED(ftruncate(fd, 5000));
    TIMED(truncate("f", -1));
}

CASE(allocate) {
    make_file("f", 10000, 'a');
    int fd = MUST(open("f", O_RDWR));
    WATCH("f");
    TIMED(fallocate(fd, 0, 0, 100));
    TIMED(fallocate(fd, 0, 0, 100000));
    TIMED(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 200000));
    TIMED(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
    TIMED(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
}

CASE(mode_and_owner) {
    make_text("f", "x");
    WATCH("f", ".");
    TIMED(chmod("f", 0600));
    TIMED(chmod("f", 0600));
    TIMED(chown("f", ALICE, STAFF));
    TIMED(chown("f", ALICE, STAFF));
    TIMED(chown("f", -1, -1));
}

CASE(attributes) {
    make_text("f", "x");
    char value[8];
    WATCH("f");
    TIMED(setxattr("f", "user.a", "v", 1, 0));
    TIMED(setxattr("f", "user.a", "v", 1, 0));
    TIMED(getxattr("f", "user.a", value, 8));
    TIMED(listxattr("f", NULL, 0));
    TIMED(setxattr("f", "user.a", "v", 1, XATTR_CREATE));
    TIMED(removexattr("f", "user.a"));
    TIMED(removexattr("f", "user.a"));
}

CASE(acl) {
    make_text("f", "x");
    MUST(mkdir("d", 0755));
    static const unsigned char acl[] = {2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 4, 0, 4, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255};
    WATCH("f", "d");
    TIMED(setxattr("f", "system.posix_acl_access", acl, sizeof acl, 0));
    TIMED(setxattr("d", "system.posix_acl_default", acl, sizeof acl, 0));
    TIMED(removexattr("d", "system.posix_acl_default"));
}

CASE(read) {
    make_text("f", "0123456789");
    int fd = MUST(open("f", O_RDONLY));
    char bytes[100];
    WATCH("f");
    TIMED(read(fd, bytes, 5));
    TIMED(read(fd, bytes, 5));
    MUST(chmod("f", 0600));
    show_times("chmod");
    TIMED(read(fd, bytes, 5));
    MUST(set_times("f", 1000, 0, 2000, 0, 0));
    show_times("set");
    TIMED(pread(fd, bytes, 5, 0));
    TIMED(pread(fd, bytes, 5, 0));
}

CASE(read_of_nothing) {
    make_text("f", "0123456789");
    make_text("empty", "");
    int fd = MUST(open("f", O_RDONLY)), empty = MUST(open("empty", O_RDONLY));
    char bytes[100];
    WATCH("f", "empty");
    TIMED(read(fd, bytes, 0));
    TIMED(read(empty, bytes, 10));
    TIMED(pread(fd, bytes, 10, 1000));
}

CASE(read_after_write_to_old_times) {
    make_text("f", "0123456789");
    int fd = MUST(open("f", O_RDWR));
    char bytes[10];
    MUST(set_times("f", 5000, 0, 3000, 0, 0));
    WATCH("f");
    TIMED(pread(fd, bytes, 5, 0));
    TIMED(pwrite(fd, "x", 1, 0));
    TIMED(pread(fd, bytes, 5, 0));
    TIMED(pread(fd, bytes, 5, 0));
}

CASE(read_without_atime) {
    make_text("f", "0123456789");
    int fd = MUST(open("f", O_RDONLY | O_NOATIME));
    char bytes[10];
    WATCH("f");
    TIMED(pread(fd, bytes, 5, 0));
}

CASE(read_directory) {
    MUST(mkdir("d", 0755));
    make_text("d/f", "x");
    WATCH("d");
    DIR *directory = opendir("d");
    show_times("opendir");
    while (readdir(directory)) {}
    show_times("readdir");
    closedir(directory);
    show_times("closedir");
    directory = opendir("d");
    while (readdir(directory)) {}
    show_times("readdir again");
    make_text("d/g", "x");
    show_times("create");
    rewinddir(directory);
    while (readdir(directory)) {}
    show_times("readdir after a change");
}

CASE(read_symlink) {
    MUST(symlink("f", "l"));
    make_text("f", "x");
    char bytes[8];
    struct stat status;
    WATCH("l");
    TIMED(readlink("l", bytes, 8));
    TIMED(readlink("l", bytes, 8));
    TIMED(stat("l", &status));
}

CASE(follow_symlink) {
    MUST(symlink("f", "l"));
    make_text("f", "x");
    struct stat status;
    WATCH("l", "f");
    TIMED(stat("l", &status));
}

CASE(looking_changes_nothing) {
    make_text("f", "x");
    struct stat status;
    struct statfs system;
    WATCH("f", ".");
    TIMED(stat("f", &status));
    TIMED(access("f", R_OK));
    TIMED(statfs("f", &system));
    int fd = MUST(open("f", O_RDWR));
    TIMED(fsync(fd));
    TIMED(lseek(fd, 0, SEEK_END));
    TIMED(flock(fd, LOCK_EX));
    TIMED(close(fd));
}

CASE(map_and_read) {
    make_file("f", PAGE, 'a');
    int fd = MUST(open("f", O_RDWR));
    WATCH("f");
    char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    show_times("mmap");
    say("peek = %s", outcome_access(peek(map)));
    show_times("peek");
}

CASE(map_and_write) {
    make_file("f", PAGE, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    struct stat before, after;
    MUST(stat("f", &before));
    tick();
    say("poke = %s", outcome_access(poke(map, 'b')));
    DO(msync(map, PAGE, MS_SYNC));
    MUST(munmap(map, PAGE));
    MUST(close(fd));
    // The file system may choose when mtime changes, but it has to change.
    MUST(stat("f", &after));
    say("mtime changed = %d", before.st_mtim.tv_sec != after.st_mtim.tv_sec || before.st_mtim.tv_nsec != after.st_mtim.tv_nsec);
}

CASE(execute) {
    make_program("p", 0755);
    WATCH("p");
    run_program("./p", "exit");
    show_times("exec");
}

CASE(copy) {
    make_file("f", 10000, 'a');
    make_text("g", "");
    int from = MUST(open("f", O_RDONLY)), to = MUST(open("g", O_WRONLY));
    WATCH("f", "g");
    TIMED(copy_file_range(from, NULL, to, NULL, 5000, 0));
    TIMED(copy_file_range(from, NULL, to, NULL, 0, 0));
}

CASE(unlinked_open_file) {
    make_text("f", "x");
    int fd = MUST(open("f", O_RDWR));
    struct stat before, after;
    MUST(fstat(fd, &before));
    tick();
    MUST(unlink("f"));
    MUST(fstat(fd, &after));
    say("ctime changed = %d mtime changed = %d", memcmp(&before.st_ctim, &after.st_ctim, sizeof before.st_ctim) != 0,
        memcmp(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim) != 0);
}

CASE(mtime_is_ctime_after_a_write) {
    make_text("f", "x");
    int fd = MUST(open("f", O_RDWR));
    tick();
    MUST(write(fd, "yy", 2));
    struct stat status;
    MUST(fstat(fd, &status));
    say("same = %d", !memcmp(&status.st_mtim, &status.st_ctim, sizeof status.st_mtim));
    MUST(ftruncate(fd, 0));
    MUST(fstat(fd, &status));
    say("same = %d", !memcmp(&status.st_mtim, &status.st_ctim, sizeof status.st_mtim));
}

CASE(never_backwards) {
    make_text("f", "x");
    int fd = MUST(open("f", O_RDWR)), backwards = 0;
    struct stat before, after;
    MUST(fstat(fd, &before));
    for (int i = 0; i < 300; i++) {
        switch (i % 4) {
        case 0: MUST(write(fd, "y", 1)); break;
        case 1: MUST(fchmod(fd, 0600 + i % 8)); break;
        case 2: MUST(ftruncate(fd, i)); break;
        default: MUST(fsetxattr(fd, "user.a", "v", 1, 0));
        }
        MUST(fstat(fd, &after));
        backwards += after.st_ctim.tv_sec < before.st_ctim.tv_sec ||
            (after.st_ctim.tv_sec == before.st_ctim.tv_sec && after.st_ctim.tv_nsec < before.st_ctim.tv_nsec);
        before = after;
    }
    say("ctime went back = %d", backwards);
}

// ---- setting them

CASE(set_nanoseconds) {
    make_text("f", "x");
    DO(set_times("f", 1000, 1, 2000, 999999999, 0));
    show_set_times("f");
    DO(set_times("f", 0, 0, 0, 0, 0));
    show_set_times("f");
    int fd = MUST(open("f", O_RDWR));
    struct timespec times[2] = {{5, 6}, {7, 8}};
    DO(futimens(fd, times));
    show_set_times("f");
}

CASE(set_far_dates) {
    make_text("f", "x");
    static const long long dates[] = {-1, -2, -1000000000LL, -2147483648LL, -2147483649LL, 2147483647LL, 2147483648LL, 4294967295LL, 4294967296LL, 15032385535LL, 15032385536LL, 1LL << 40, -(1LL << 40), INT64_MAX / 1000000000, INT64_MIN / 1000000000};
    for (unsigned i = 0; i < sizeof dates / sizeof *dates; i++) {
        say("set %lld = %s", dates[i], outcome(set_times("f", dates[i], 123456789, dates[i], 987654321, 0)));
        show_set_times("f");
    }
}

CASE(set_now_and_omit) {
    make_text("f", "x");
    MUST(set_times("f", 1000, 1, 2000, 2, 0));
    WATCH("f");
    TIMED(set_times("f", 0, UTIME_OMIT, 3000, 3, 0));
    show_set_times("f");
    TIMED(set_times("f", 4000, 4, 0, UTIME_OMIT, 0));
    show_set_times("f");
    TIMED(set_times("f", 0, UTIME_OMIT, 0, UTIME_OMIT, 0));
    TIMED(set_times("f", 0, UTIME_NOW, 0, UTIME_OMIT, 0));
    TIMED(set_times("f", 0, UTIME_OMIT, 0, UTIME_NOW, 0));
    TIMED(utimensat(AT_FDCWD, "f", NULL, 0));
}

CASE(set_now_both_are_equal) {
    make_text("f", "x");
    MUST(utimensat(AT_FDCWD, "f", NULL, 0));
    struct stat status;
    MUST(stat("f", &status));
    say("atime is mtime = %d, is ctime = %d", !memcmp(&status.st_atim, &status.st_mtim, sizeof status.st_atim), !memcmp(&status.st_atim, &status.st_ctim, sizeof status.st_atim));
}

CASE(set_bad) {
    make_text("f", "x");
    DO(set_times("f", 0, 1000000000, 0, 0, 0));
    DO(set_times("f", 0, -1, 0, 0, 0));
    DO(set_times("f", 0, 0, 0, 1 << 30, 0));
    DO(set_times("missing", 0, 0, 0, 0, 0));
    DO(set_times("f", 0, 0, 0, 0, 0x10000));
    DO(set_times("", 0, 0, 0, 0, 0));
    DO(set_times("f/x", 0, 0, 0, 0, 0));
}

CASE(set_each_kind) {
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("set %s = %s", kind, outcome(set_times(kind, 1111, 2222, 3333, 4444, AT_SYMLINK_NOFOLLOW)));
        show_set_times(kind);
    }
}

CASE(set_through_symlink) {
    make_text("f", "x");
    MUST(symlink("f", "l"));
    DO(set_times("l", 1, 2, 3, 4, 0));
    show_set_times("f");
    DO(set_times("l", 5, 6, 7, 8, AT_SYMLINK_NOFOLLOW));
    show_set_times("f");
    show_set_times("l");
}

CASE(set_by_another) {
    make_text("f", "x");
    MUST(chown("f", ALICE, STAFF));
    MUST(chmod("f", 0644));
    for (int i = 0; i < 2; i++) {
        AS(BOB, GUESTS) {
            DO(set_times("f", 1, 2, 3, 4, 0));
            DO(utimensat(AT_FDCWD, "f", NULL, 0));
            DO(set_times("f", 0, UTIME_NOW, 0, UTIME_NOW, 0));
            DO(set_times("f", 0, UTIME_NOW, 0, UTIME_OMIT, 0));
            DO(set_times("f", 0, UTIME_OMIT, 0, UTIME_OMIT, 0));
        }
        MUST(chmod("f", 0666));
    }
    MUST(chmod("f", 0));
    AS(ALICE, STAFF) {
        DO(set_times("f", 1, 2, 3, 4, 0));
        DO(utimensat(AT_FDCWD, "f", NULL, 0));
    }
}

CASE(set_directory_then_change_it) {
    MUST(mkdir("d", 0755));
    DO(set_times("d", 1000, 0, 2000, 0, 0));
    show_set_times("d");
    WATCH("d");
    TIMED(mknod("d/f", S_IFREG | 0600, 0));
}

CASE(set_survives_rename_and_link) {
    make_text("f", "x");
    DO(set_times("f", 1000, 11, 2000, 22, 0));
    MUST(rename("f", "g"));
    MUST(link("g", "h"));
    MUST(unlink("g"));
    MUST(chmod("h", 0600));
    show_set_times("h");
}

// ---- the time of birth

static struct statx_timestamp birth(const char *path) {
    struct statx got = {0};
    MUST(statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &got));
    if (!(got.stx_mask & STATX_BTIME)) return (struct statx_timestamp){0};
    return got.stx_btime;
}

static bool is_same(struct statx_timestamp a, struct statx_timestamp b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

CASE(birth) {
    EACH_KIND(kind) {
        struct timespec before, after;
        // A file system's clock may be a tick behind.
        clock_gettime(CLOCK_REALTIME_COARSE, &before);
        make_kind(kind, kind);
        clock_gettime(CLOCK_REALTIME, &after);
        struct statx_timestamp born = birth(kind);
        say("%s is born %s", kind, born.tv_sec == 0 ? "never" : born.tv_sec >= before.tv_sec && born.tv_sec <= after.tv_sec ? "now" : "at another time");
        usleep(20000);
        (void)chmod(kind, 0700);
        MUST(set_times(kind, 1111, 2222, 3333, 4444, AT_SYMLINK_NOFOLLOW));
        MUST(rename(kind, "other"));
        say("later: %s", is_same(born, birth("other")) ? "the same" : "another");
        MUST(rename("other", kind));
    }
    make_text("written", "x");
    struct statx_timestamp born = birth("written");
    usleep(20000);
    int fd = MUST(open("written", O_WRONLY));
    MUST(write(fd, "more", 4));
    close(fd);
    MUST(truncate("written", 1));
    say("written to, and cut: %s", is_same(born, birth("written")) ? "the same" : "another");
}
