// open(2), creat(2) and what a descriptor allows.
#include "cases.h"
#include <linux/openat2.h>

#define SUBJECT "open"

CASE(create) {
    int fd = NEED(open("new", O_CREAT | O_RDWR, 0666));
    show_fstat("new", fd);
    DO(write(fd, "hello", 5));
    show_stat("new");
    show_content("new");
}

CASE(create_mode_and_umask) {
    static const mode_t modes[] = {0, 0111, 0444, 0666, 0777, 01777, 02777, 04777, 07777}, masks[] = {0, 022, 077, 0777};
    for (int m = 0; m < 4; m++)
        for (int i = 0; i < 9; i++) {
            char name[32];
            snprintf(name, sizeof name, "m%04o-%04o", modes[i], masks[m]);
            umask(masks[m]);
            MUST(close(MUST(open(name, O_CREAT | O_WRONLY, modes[i]))));
            show_mode(name);
        }
}

CASE(create_over_existing) {
    make_file("f", 10, 'a');
    MUST(chmod("f", 0640));
    DO(close(open("f", O_CREAT | O_WRONLY, 0777)));
    show_stat("f");
    show_content("f");
}

CASE(create_equal_times) {
    MUST(close(MUST(open("f", O_CREAT | O_WRONLY, 0644))));
    struct stat status;
    MUST(stat("f", &status));
    say("atime is mtime = %d", status.st_atim.tv_sec == status.st_mtim.tv_sec && status.st_atim.tv_nsec == status.st_mtim.tv_nsec);
    say("mtime is ctime = %d", status.st_mtim.tv_sec == status.st_ctim.tv_sec && status.st_mtim.tv_nsec == status.st_ctim.tv_nsec);
}

CASE(exclusive) {
    OPEN(open("f", O_CREAT | O_EXCL | O_WRONLY, 0600));
    OPEN(open("f", O_CREAT | O_EXCL | O_WRONLY, 0600));
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("exclusive create over %s = %s", kind, outcome_fd(open(kind, O_CREAT | O_EXCL | O_RDWR, 0600)));
    }
    show_dir(".");
}

CASE(exclusive_of_a_dangling_symlink) {
    MUST(symlink("target", "l"));
    OPEN(open("l", O_CREAT | O_EXCL | O_WRONLY, 0600));
    show_stat("target");
    OPEN(open("l", O_CREAT | O_WRONLY, 0600));
    show_stat("target");
    show_stat("l");
}

CASE(missing) {
    OPEN(open("f", O_RDONLY));
    OPEN(open("f", O_WRONLY | O_TRUNC));
    OPEN(open("d/f", O_CREAT | O_WRONLY, 0600));
    OPEN(open("", O_RDONLY));
    OPEN(open("f", O_RDONLY | O_DIRECTORY));
    show_dir(".");
}

CASE(directory) {
    MUST(mkdir("d", 0755));
    OPEN(open("d", O_RDONLY));
    OPEN(open("d", O_RDONLY | O_DIRECTORY));
    OPEN(open("d", O_WRONLY));
    OPEN(open("d", O_RDWR));
    OPEN(open("d", O_CREAT | O_RDONLY, 0600));
    OPEN(open("d", O_CREAT | O_WRONLY, 0600));
    OPEN(open("d", O_TRUNC | O_RDONLY));
    int fd = MUST(open("d", O_RDONLY));
    char byte;
    DO(read(fd, &byte, 1));
    DO(pread(fd, &byte, 1, 0));
    DO(write(fd, "x", 1));
    DO(ftruncate(fd, 0));
    DO(fallocate(fd, 0, 0, 1));
    DO(fsync(fd));
    DO(fdatasync(fd));
}

CASE(directory_flag_on_others) {
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("O_DIRECTORY of %s = %s", kind, outcome_fd(open(kind, O_RDONLY | O_DIRECTORY | O_NONBLOCK)));
        say("O_DIRECTORY|O_NOFOLLOW of %s = %s", kind, outcome_fd(open(kind, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK)));
    }
}

CASE(component_is_no_directory) {
    EACH_KIND(kind) {
        char path[64];
        make_kind(kind, kind);
        snprintf(path, sizeof path, "%s/x", kind);
        say("open %s = %s", path, outcome_fd(open(path, O_RDONLY)));
        say("create %s = %s", path, outcome_fd(open(path, O_CREAT | O_WRONLY, 0600)));
    }
}

CASE(trailing_slash) {
    make_file("f", 1, 'a');
    MUST(mkdir("d", 0755));
    MUST(symlink("f", "to-f"));
    MUST(symlink("d", "to-d"));
    OPEN(open("f/", O_RDONLY));
    OPEN(open("d/", O_RDONLY));
    OPEN(open("to-f/", O_RDONLY));
    OPEN(open("to-d/", O_RDONLY));
    OPEN(open("new/", O_CREAT | O_WRONLY, 0600));
    OPEN(open("to-d/", O_RDONLY | O_NOFOLLOW));
    show_dir(".");
}

CASE(no_follow) {
    make_file("f", 3, 'a');
    MUST(symlink("f", "l"));
    OPEN(open("l", O_RDONLY | O_NOFOLLOW));
    OPEN(open("l", O_WRONLY | O_NOFOLLOW | O_TRUNC));
    OPEN(open("l", O_WRONLY | O_CREAT | O_NOFOLLOW, 0600));
    OPEN(open("f", O_RDONLY | O_NOFOLLOW));
    int fd = NEED(open("l", O_PATH | O_NOFOLLOW));
    show_fstat("the link", fd);
    show_content("f");
}

CASE(path_descriptor) {
    make_file("f", 3, 'a');
    int fd = NEED(open("f", O_PATH));
    char byte;
    DO(read(fd, &byte, 1));
    DO(write(fd, &byte, 1));
    DO(fchmod(fd, 0600));
    DO(fchown(fd, ALICE, ALICE));
    DO(ftruncate(fd, 0));
    DO(lseek(fd, 0, SEEK_SET));
    DO(fsetxattr(fd, "user.a", "b", 1, 0));
    DO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
    show_fstat("f", fd);
    MUST(unlink("f"));
    show_fstat("f unlinked", fd);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    say("open through /proc = %s", outcome_fd(open(path, O_RDWR)));
}

CASE(reopen_through_proc) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0600));
    write_letters(fd, 0, 10, 'a');
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    MUST(unlink("f"));
    int again = open(path, O_RDWR);
    say("open through /proc = %s", outcome_fd(again));
    DO(pwrite(again, "bc", 2, 4));
    show_fd_content("first", fd);
    say("open and cut through /proc = %s", outcome_fd(open(path, O_RDWR | O_TRUNC)));
    show_fstat("first", fd);
}

CASE(truncate_flag) {
    make_file("f", 9000, 'a');
    OPEN(open("f", O_WRONLY | O_TRUNC));
    show_stat("f");
    MUST(unlink("f"));
    make_file("f", 9000, 'a');
    OPEN(open("f", O_RDONLY | O_TRUNC));
    show_stat("f");
    MUST(unlink("f"));
    make_file("f", 9000, 'a');
    OPEN(open("f", O_CREAT | O_TRUNC | O_RDWR, 0777));
    show_stat("f");
}

CASE(truncate_while_open) {
    make_file("f", 9000, 'a');
    int fd = MUST(open("f", O_RDWR));
    MUST(lseek(fd, 8000, SEEK_SET));
    OPEN(open("f", O_WRONLY | O_TRUNC));
    char bytes[8];
    DO(read(fd, bytes, 8));
    DO(write(fd, "tail", 4));
    show_stat("f");
    show_content("f");
}

CASE(truncate_flag_on_others) {
    make_kind("fifo", "fifo");
    make_kind("char", "char");
    OPEN(open("fifo", O_RDWR | O_TRUNC | O_NONBLOCK));
    OPEN(open("char", O_RDWR | O_TRUNC));
    show_stat("fifo");
    show_stat("char");
}

CASE(append) {
    make_text("f", "0123");
    int fd = MUST(open("f", O_WRONLY | O_APPEND));
    DO(lseek(fd, 0, SEEK_CUR));
    DO(write(fd, "ab", 2));
    DO(lseek(fd, 0, SEEK_CUR));
    DO(lseek(fd, 1, SEEK_SET));
    DO(write(fd, "cd", 2));
    DO(lseek(fd, 0, SEEK_CUR));
    show_content("f");
}

CASE(append_ignores_the_offset_of_pwrite) {
    make_text("f", "0123");
    int fd = MUST(open("f", O_RDWR | O_APPEND));
    DO(pwrite(fd, "ab", 2, 0));
    show_content("f");
    struct iovec parts[2] = {{"cd", 2}, {"ef", 2}};
    DO(writev(fd, parts, 2));
    DO(pwritev(fd, parts, 2, 1));
    show_content("f");
}

CASE(append_by_two) {
    make_text("f", "");
    int a = MUST(open("f", O_WRONLY | O_APPEND)), b = MUST(open("f", O_WRONLY | O_APPEND));
    for (int i = 0; i < 5; i++) {
        DO(write(a, "aaa", 3));
        DO(write(b, "bb", 2));
    }
    show_content("f");
}

CASE(append_by_processes) {
    make_text("f", "");
    pid_t children[4];
    for (int c = 0; c < 4; c++)
        if ((children[c] = MUST(fork())) == 0) {
            int fd = open("f", O_WRONLY | O_APPEND);
            char line[100];
            memset(line, 'a' + c, sizeof line);
            for (int i = 0; i < 200; i++)
                if (write(fd, line, sizeof line) != sizeof line) _exit(1);
            _exit(0);
        }
    for (int c = 0; c < 4; c++) {
        int status;
        MUST(waitpid(children[c], &status, 0));
        say("child = %d", status);
    }
    show_stat("f");
    int fd = MUST(open("f", O_RDONLY)), torn = 0, lines = 0, counts[4] = {0};
    char line[100];
    while (read(fd, line, sizeof line) == sizeof line) {
        lines++;
        counts[(line[0] - 'a') & 3]++;
        for (int i = 1; i < 100; i++) torn += line[i] != line[0];
    }
    say("lines %d torn bytes %d by child %d %d %d %d", lines, torn, counts[0], counts[1], counts[2], counts[3]);
}

CASE(append_after_truncate) {
    int fd = MUST(open("f", O_CREAT | O_RDWR | O_APPEND, 0600));
    DO(write(fd, "abcdef", 6));
    DO(ftruncate(fd, 2));
    DO(write(fd, "x", 1));
    DO(ftruncate(fd, 5000));
    DO(write(fd, "y", 1));
    show_content("f");
}

CASE(append_switched_by_fcntl) {
    make_text("f", "0123");
    int fd = MUST(open("f", O_RDWR));
    DO(fcntl(fd, F_SETFL, O_APPEND));
    DO(write(fd, "a", 1));
    DO(fcntl(fd, F_SETFL, 0));
    DO(pwrite(fd, "b", 1, 0));
    show_content("f");
}

CASE(access_modes) {
    make_text("f", "0123");
    char byte;
    int r = MUST(open("f", O_RDONLY)), w = MUST(open("f", O_WRONLY)), rw = MUST(open("f", O_RDWR));
    DO(write(r, "x", 1));
    DO(read(w, &byte, 1));
    DO(write(rw, "x", 1));
    DO(read(rw, &byte, 1));
    DO(ftruncate(r, 1));
    DO(fallocate(r, 0, 0, 10));
    DO(ftruncate(w, 3));
    DO(fcntl(r, F_GETFL) & O_ACCMODE);
    DO(fcntl(w, F_GETFL) & O_ACCMODE);
    DO(fcntl(rw, F_GETFL) & O_ACCMODE);
}

CASE(access_mode_three) {
    make_text("f", "0123");
    int fd = OPEN(open("f", O_ACCMODE));
    char byte;
    DO(read(fd, &byte, 1));
    DO(write(fd, "x", 1));
}

CASE(symlink_loops) {
    MUST(symlink("l", "l"));
    MUST(symlink("b", "a"));
    MUST(symlink("a", "b"));
    OPEN(open("l", O_RDONLY));
    OPEN(open("a", O_RDONLY));
    OPEN(open("a/x", O_RDONLY));
    OPEN(open("l", O_CREAT | O_WRONLY, 0600));
    for (int i = 0; i < 45; i++) {
        char from[16], to[16];
        snprintf(to, sizeof to, i ? "c%d" : "end", i - 1);
        snprintf(from, sizeof from, "c%d", i);
        MUST(symlink(to, from));
    }
    make_text("end", "x");
    OPEN(open("c39", O_RDONLY));
    OPEN(open("c40", O_RDONLY));
    OPEN(open("c44", O_RDONLY));
}

CASE(special_files) {
    make_kind("fifo", "fifo");
    make_kind("socket", "socket");
    OPEN(open("fifo", O_WRONLY | O_NONBLOCK));
    OPEN(open("fifo", O_RDONLY | O_NONBLOCK));
    OPEN(open("socket", O_RDONLY));
    OPEN(open("socket", O_RDWR | O_NONBLOCK));
    OPEN(open("socket", O_PATH));
    MUST(mknod("no-driver", S_IFCHR | 0644, makedev(511, 99)));
    MUST(mknod("no-block-driver", S_IFBLK | 0644, makedev(511, 99)));
    OPEN(open("no-driver", O_RDONLY));
    OPEN(open("no-block-driver", O_RDONLY));
}

CASE(sync_flags) {
    int fd = NEED(open("f", O_CREAT | O_WRONLY | O_SYNC, 0600));
    DO(write(fd, "abc", 3));
    fd = NEED(open("f", O_WRONLY | O_DSYNC | O_APPEND));
    DO(write(fd, "def", 3));
    DO(fsync(fd));
    DO(fdatasync(fd));
    DO(sync_file_range(fd, 0, 6, SYNC_FILE_RANGE_WRITE));
    DO(syncfs(fd));
    show_content("f");
}

CASE(shared_offset) {
    make_text("f", "0123456789");
    int a = MUST(open("f", O_RDWR)), b = MUST(dup(a)), c = MUST(open("f", O_RDWR));
    char bytes[4];
    DO(read(a, bytes, 4));
    DO(lseek(b, 0, SEEK_CUR));
    DO(lseek(c, 0, SEEK_CUR));
    IN_CHILD { DO(read(a, bytes, 2)); }
    DO(lseek(b, 0, SEEK_CUR));
}

CASE(many_descriptors) {
    make_text("f", "0123456789");
    int good = 0;
    for (int i = 0; i < 800; i++) good += open("f", i % 3) >= 0;
    say("open descriptors = %d", good);
    DO(unlink("f"));
    char byte = 0;
    DO(pread(3, &byte, 1, 5));
    show_dir(".");
}

CASE(noatime_of_another_owner) {
    make_text("f", "x");
    MUST(chmod("f", 0666));
    OPEN(open("f", O_RDONLY | O_NOATIME));
    AS(ALICE, STAFF) { OPEN(open("f", O_RDONLY | O_NOATIME)); }
    MUST(chown("f", ALICE, STAFF));
    AS(ALICE, STAFF) { OPEN(open("f", O_RDONLY | O_NOATIME)); }
}

CASE(openat) {
    MUST(mkdir("d", 0755));
    make_text("f", "x");
    int d = MUST(open("d", O_RDONLY)), f = MUST(open("f", O_RDONLY));
    OPEN(openat(d, "a", O_CREAT | O_RDWR, 0644));
    OPEN(openat(d, "../f", O_RDONLY));
    OPEN(openat(f, "a", O_RDONLY));
    OPEN(openat(f, "", O_RDONLY));
    OPEN(openat(9999, "a", O_RDONLY));
    MUST(unlink("d/a"));
    MUST(rmdir("d"));
    OPEN(openat(d, "b", O_CREAT | O_RDWR, 0644));
    OPEN(openat(d, ".", O_RDONLY));
    OPEN(openat(d, "..", O_RDONLY));
}

CASE(openat2_resolve) {
    MUST(mkdir("d", 0755));
    make_text("d/f", "x");
    MUST(symlink("f", "d/l"));
    MUST(symlink("../d/f", "d/out"));
    int d = MUST(open("d", O_RDONLY));
    static const struct { const char *name; uint64_t how; } resolves[] = {
        {"RESOLVE_BENEATH", RESOLVE_BENEATH}, {"RESOLVE_NO_SYMLINKS", RESOLVE_NO_SYMLINKS}, {"RESOLVE_IN_ROOT", RESOLVE_IN_ROOT}, {"RESOLVE_NO_XDEV", RESOLVE_NO_XDEV}};
    static const char *const paths[] = {"f", "l", "out", "../d/f"};
    for (int r = 0; r < 4; r++)
        for (int p = 0; p < 4; p++) {
            struct open_how how = {.flags = O_RDONLY, .resolve = resolves[r].how};
            say("%s %s = %s", resolves[r].name, paths[p], outcome_fd(syscall(SYS_openat2, d, paths[p], &how, sizeof how)));
        }
}

CASE(read_only_file_new_for_writing) {
    // The mode of a new file does not matter to the descriptor that made it.
    AS(ALICE, STAFF) { say("not there = %s", outcome_fd(open("f", O_CREAT | O_RDWR, 0))); }
    MUST(chmod(".", 0777));
    AS(ALICE, STAFF) {
        int fd = OPEN(open("f", O_CREAT | O_RDWR, 0));
        DO(write(fd, "abc", 3));
        char bytes[3];
        DO(pread(fd, bytes, 3, 0));
        OPEN(open("f", O_RDONLY));
        OPEN(open("f", O_WRONLY));
    }
    show_stat("f");
}

CASE(descriptor_outlives_mode) {
    MUST(chmod(".", 0777));
    AS(ALICE, STAFF) {
        int fd = NEED(open("f", O_CREAT | O_RDWR, 0600));
        DO(write(fd, "abc", 3));
        DO(fchmod(fd, 0));
        char bytes[3];
        DO(pread(fd, bytes, 3, 0));
        DO(pwrite(fd, "xyz", 3, 0));
        DO(ftruncate(fd, 1));
    }
    show_stat("f");
}
