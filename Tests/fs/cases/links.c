// link(2), symlink(2), unlink(2).
#include "cases.h"

#define SUBJECT "link"

CASE(hard) {
    make_text("a", "hello");
    DO(link("a", "b"));
    show_stat("a");
    show_stat("b");
    struct stat a, b;
    MUST(stat("a", &a));
    MUST(stat("b", &b));
    say("same inode = %d", a.st_ino == b.st_ino);
    int fd = MUST(open("b", O_WRONLY | O_APPEND));
    MUST(write(fd, "!", 1));
    show_content("a");
    DO(chmod("b", 0600));
    show_mode("a");
    DO(unlink("a"));
    show_stat("b");
    show_content("b");
}

CASE(hard_each_kind) {
    EACH_KIND(kind) {
        char to[32];
        make_kind(kind, kind);
        snprintf(to, sizeof to, "to-%s", kind);
        say("link of %s = %s", kind, outcome(link(kind, to)));
        show_stat(kind);
        show_stat(to);
    }
}

CASE(hard_over_existing) {
    make_text("f", "x");
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("link over %s = %s", kind, outcome(link("f", kind)));
    }
    DO(link("f", "f"));
    DO(link("f", "."));
    show_stat("f");
}

CASE(hard_bad_paths) {
    make_text("f", "x");
    MUST(mkdir("d", 0755));
    DO(link("missing", "x"));
    DO(link("f", "missing/x"));
    DO(link("f/x", "x"));
    DO(link("f", "f/x"));
    DO(link("", "x"));
    DO(link("f", ""));
    DO(link("d", "x"));
    DO(link("f", "x/"));
    DO(link("f/", "x"));
    show_dir(".");
}

CASE(hard_to_symlink) {
    make_text("f", "x");
    MUST(symlink("f", "l"));
    DO(linkat(AT_FDCWD, "l", AT_FDCWD, "nofollow", 0));
    DO(linkat(AT_FDCWD, "l", AT_FDCWD, "follow", AT_SYMLINK_FOLLOW));
    show_stat("nofollow");
    show_stat("follow");
    show_stat("l");
    DO(linkat(AT_FDCWD, "l", AT_FDCWD, "x", 0x10000));
}

CASE(hard_by_descriptor) {
    make_text("f", "x");
    int fd = MUST(open("f", O_RDONLY));
    DO(linkat(fd, "", AT_FDCWD, "g", AT_EMPTY_PATH));
    show_stat("g");
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    DO(linkat(AT_FDCWD, path, AT_FDCWD, "h", AT_SYMLINK_FOLLOW));
    show_stat("h");
    MUST(unlink("f"));
    MUST(unlink("g"));
    MUST(unlink("h"));
    DO(linkat(fd, "", AT_FDCWD, "again", AT_EMPTY_PATH));
    show_fstat("unlinked", fd);
    show_dir(".");
}

CASE(hard_many) {
    make_text("f", "x");
    MUST(mkdir("d", 0755));
    int good = 0;
    for (int i = 0; i < 2000; i++) {
        char name[32];
        snprintf(name, sizeof name, "d/%d", i);
        good += link("f", name) == 0;
    }
    say("links made = %d", good);
    show_stat("f");
    for (int i = 0; i < 2000; i += 2) {
        char name[32];
        snprintf(name, sizeof name, "d/%d", i);
        MUST(unlink(name));
    }
    show_stat("f");
    show_stat("d");
}

CASE(hard_across_directories) {
    MUST(mkdir("d", 0755));
    MUST(mkdir("e", 0755));
    make_text("d/f", "x");
    DO(link("d/f", "e/f"));
    DO(unlink("d/f"));
    DO(rmdir("d"));
    show_content("e/f");
    show_stat("e/f");
}

CASE(hard_across_mounts) {
    make_text("f", "x");
    DO(link("f", "/dev/shm/oldmemfs-never-there"));
    DO(link("/proc/self/status", "x"));
    DO(rename("f", "/proc/oldmemfs-never-there"));
    show_dir(".");
}

CASE(symbolic) {
    DO(symlink("some/where", "l"));
    show_stat("l");
    show_link("l");
    struct stat status;
    DO(stat("l", &status));
    DO(symlink("x", "l"));
    show_link("l");
}

CASE(symbolic_lengths) {
    static const int lengths[] = {1, 2, 59, 60, 61, 127, 128, 129, 255, 256, 1000, 2047, 2048, 3000, 4094, 4095, 4096, 5000};
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char target[8192], name[32], back[8192];
        memset(target, 'a' + i, lengths[i]);
        target[lengths[i]] = 0;
        snprintf(name, sizeof name, "l%d", lengths[i]);
        say("symlink of %d bytes = %s", lengths[i], outcome(symlink(target, name)));
        show_stat(name);
        memset(back, 0, sizeof back);
        say("readlink = %s", outcome(readlink(name, back, sizeof back)));
        say("same = %d", !strcmp(target, back));
    }
}

CASE(symbolic_read_into_less) {
    MUST(symlink("0123456789", "l"));
    char bytes[16];
    for (int size = -1; size <= 12; size += 3) {
        memset(bytes, '.', sizeof bytes);
        say("readlink of %d = %s", size, outcome(readlink("l", bytes, size)));
        say("buffer = %.16s", bytes);
    }
    DO(readlink("l", bytes, 0));
}

CASE(symbolic_any_bytes) {
    char target[256];
    for (int i = 0; i < 255; i++) target[i] = i + 1;
    target[255] = 0;
    DO(symlink(target, "l"));
    char back[300] = "";
    DO(readlink("l", back, sizeof back));
    say("same = %d", !memcmp(target, back, 255));
}

CASE(symbolic_over_existing) {
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("symlink over %s = %s", kind, outcome(symlink("x", kind)));
    }
    DO(symlink("", "empty"));
    DO(symlink("x", ""));
    DO(symlink("x", "missing/l"));
    DO(symlink("x", "file/l"));
    DO(symlink("x", "l/"));
    DO(symlink("x", "."));
    show_dir(".");
}

CASE(symbolic_read_of_others) {
    char bytes[16];
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("readlink of %s = %s", kind, outcome(readlink(kind, bytes, sizeof bytes)));
    }
    DO(readlink("missing", bytes, sizeof bytes));
    DO(readlink("file/x", bytes, sizeof bytes));
}

CASE(symbolic_mode) {
    umask(0777);
    DO(symlink("x", "l"));
    show_stat("l");
    DO(fchmodat(AT_FDCWD, "l", 0600, AT_SYMLINK_NOFOLLOW));
    DO(lchown("l", ALICE, STAFF));
    show_stat("l");
}

CASE(symbolic_followed) {
    MUST(mkdir("d", 0755));
    MUST(mkdir("d/e", 0755));
    MUST(symlink("d", "to-d"));
    MUST(symlink("../f", "d/up"));
    MUST(symlink("d/up", "twice"));
    make_text("f", "found");
    show_content("d/up");
    show_content("to-d/up");
    show_content("twice");
    show_dir("to-d");
    DO(mkdir("to-d/new", 0755));
    DO(rmdir("to-d/e"));
    show_dir("d");
    DO(chmod("twice", 0600));
    show_mode("f");
    DO(truncate("twice", 2));
    show_content("f");
}

CASE(symbolic_cached_and_replaced) {
    MUST(symlink("first", "l"));
    show_link("l");
    show_link("l");
    MUST(unlink("l"));
    MUST(symlink("the second", "l"));
    show_link("l");
    MUST(symlink("third", "m"));
    MUST(rename("m", "l"));
    show_link("l");
    show_stat("l");
}

CASE(symbolic_by_descriptor) {
    MUST(symlink("target", "l"));
    int fd = MUST(open("l", O_PATH | O_NOFOLLOW));
    char bytes[16];
    DO(readlinkat(fd, "", bytes, sizeof bytes));
    MUST(unlink("l"));
    DO(readlinkat(fd, "", bytes, sizeof bytes));
    show_fstat("l", fd);
}

CASE(unlink_each_kind) {
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("unlink of %s = %s", kind, outcome(unlink(kind)));
        show_stat(kind);
    }
}

CASE(unlink_bad_paths) {
    make_text("f", "x");
    MUST(mkdir("d", 0755));
    DO(unlink("missing"));
    DO(unlink(""));
    DO(unlink("missing/x"));
    DO(unlink("f/x"));
    DO(unlink("f/"));
    DO(unlink("d"));
    DO(unlink("d/"));
    DO(unlink("d/."));
    DO(unlink("."));
    DO(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
    DO(unlinkat(AT_FDCWD, "f", AT_REMOVEDIR));
    DO(unlinkat(AT_FDCWD, "f", 0x10000));
    show_dir(".");
}

CASE(unlink_symlink_not_target) {
    make_text("f", "x");
    MUST(symlink("f", "l"));
    DO(unlink("l"));
    show_stat("f");
    show_dir(".");
}

CASE(unlinked_but_open) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    write_letters(fd, 0, 10000, 'a');
    DO(unlink("f"));
    show_fstat("f", fd);
    DO(pwrite(fd, "bb", 2, 20000));
    DO(ftruncate(fd, 20001));
    DO(fchmod(fd, 0600));
    DO(fchown(fd, ALICE, STAFF));
    DO(fsetxattr(fd, "user.a", "value", 5, 0));
    char value[16];
    DO(fgetxattr(fd, "user.a", value, sizeof value));
    struct timespec times[2] = {{1000, 1}, {2000, 2}};
    DO(futimens(fd, times));
    show_fstat("f", fd);
    show_fd_content("f", fd);
    DO(fallocate(fd, 0, 0, 40960));
    show_fstat("f", fd);
    DO(fsync(fd));
    OPEN(open("f", O_RDONLY));
    make_text("f", "another");
    show_content("f");
    show_fstat("the old f", fd);
}

// An O_PATH descriptor keeps an unlinked file and its contents.
CASE(unlinked_and_opened_by_its_place) {
    char path[64];
    make_file("f", 10000, 'a');
    int place = MUST(open("f", O_PATH));
    snprintf(path, sizeof path, "/proc/self/fd/%d", place);
    DO(unlink("f"));
    show_fstat("f", place);
    make_file("g", 10000, 'b');
    for (int i = 0; i < 2; i++) {
        int fd = NEED(open(path, O_RDWR));
        show_fd_content("f", fd);
        DO(pwrite(fd, "cc", 2, 12000));
        MUST(close(fd));
        show_fstat("f", place);
    }
    DO(truncate(path, 5000));
    show_fstat("f", place);
    DO(linkat(AT_FDCWD, path, AT_FDCWD, "h", AT_SYMLINK_FOLLOW));
}

CASE(unlinked_frees_at_close) {
    struct statfs before, during, after;
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    MUST(fstatfs(fd, &before));
    write_letters(fd, 0, 1 << 20, 'a');
    MUST(unlink("f"));
    MUST(statfs(".", &during));
    say("blocks in use while open = %ld", (long)(before.f_bfree - during.f_bfree));
    say("inodes back while open = %ld", (long)(during.f_ffree - before.f_ffree));
    MUST(close(fd));
    MUST(statfs(".", &after));
    say("blocks in use after = %ld", (long)(before.f_bfree - after.f_bfree));
    say("inodes back after = %ld", (long)(after.f_ffree - before.f_ffree));
}

CASE(unlinked_but_mapped) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    write_letters(fd, 0, 2 * PAGE, 'a');
    char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        say("mmap = %s", outcome(-1));
        return;
    }
    MUST(close(fd));
    DO(unlink("f"));
    say("map[0] = %s", outcome_access(peek(map)));
    say("store = %s", outcome_access(poke(map + PAGE, 'z')));
    say("map[PAGE] = %s", outcome_access(peek(map + PAGE)));
    DO(msync(map, 2 * PAGE, MS_SYNC));
    struct statfs before, after;
    MUST(statfs(".", &before));
    MUST(munmap(map, 2 * PAGE));
    MUST(statfs(".", &after));
    say("blocks back = %ld", (long)(after.f_bfree - before.f_bfree));
}

CASE(unlinked_fifo_and_device) {
    make_kind("fifo", "fifo");
    make_kind("char", "char");
    int fifo = MUST(open("fifo", O_RDWR | O_NONBLOCK)), device = MUST(open("char", O_RDWR));
    DO(unlink("fifo"));
    DO(unlink("char"));
    char bytes[4];
    DO(write(fifo, "abc", 3));
    DO(read(fifo, bytes, 4));
    DO(write(device, "abc", 3));
    DO(read(device, bytes, 4));
    show_fstat("fifo", fifo);
    show_fstat("char", device);
}

CASE(unlink_and_make_again) {
    for (int i = 0; i < 300; i++) {
        make_text("f", i % 2 ? "odd" : "even");
        if (i == 298) show_content("f");
        if (i == 299) show_content("f");
        MUST(unlink("f"));
    }
    show_stat("f");
    show_dir(".");
}

CASE(last_link_of_open_file_comes_back) {
    make_text("f", "data");
    MUST(link("f", "g"));
    int fd = MUST(open("f", O_RDWR));
    MUST(unlink("f"));
    show_fstat("f", fd);
    DO(link("g", "h"));
    show_fstat("f", fd);
    MUST(unlink("g"));
    MUST(unlink("h"));
    show_fstat("f", fd);
    show_fd_content("f", fd);
}
