// rename(2) and renameat2(2).
#include "cases.h"

#define SUBJECT "rename"

CASE(file) {
    make_text("a", "hello");
    DO(rename("a", "b"));
    show_stat("a");
    show_stat("b");
    show_content("b");
    show_dir(".");
}

CASE(missing) {
    MUST(mkdir("d", 0755));
    make_text("f", "x");
    DO(rename("missing", "x"));
    DO(rename("f", "missing/x"));
    DO(rename("f/x", "y"));
    DO(rename("f", "f/x"));
    DO(rename("", "x"));
    DO(rename("f", ""));
    DO(rename("missing", "f"));
    DO(rename("missing/x", "f"));
    show_dir(".");
}

CASE(each_kind_over_each) {
    for (const char *const *from = kinds; *from; from++)
        for (const char *const *to = kinds; *to; to++) {
            make_kind("from", *from);
            make_kind("to", *to);
            say("%s over %s = %s", *from, *to, outcome(rename("from", "to")));
            show_stat("from");
            show_stat("to");
            if (unlink("from") < 0) rmdir("from");
            if (unlink("to") < 0) rmdir("to");
        }
    show_dir(".");
}

CASE(each_kind_no_replace) {
    EACH_KIND(kind) {
        make_kind("from", "file");
        make_kind("to", kind);
        say("file to %s = %s", kind, outcome(flip("from", "to", RENAME_NOREPLACE)));
        MUST(unlink("from"));
        make_kind("from", kind);
        if (unlink("to") < 0) MUST(rmdir("to"));
        say("%s to nothing = %s", kind, outcome(flip("from", "to", RENAME_NOREPLACE)));
        show_stat("to");
        if (unlink("to") < 0) MUST(rmdir("to"));
    }
    DO(flip("missing", "x", RENAME_NOREPLACE));
}

CASE(each_kind_exchanged) {
    for (const char *const *from = kinds; *from; from++)
        for (const char *const *to = kinds; *to; to++) {
            make_kind("from", *from);
            make_kind("to", *to);
            say("%s with %s = %s", *from, *to, outcome(flip("from", "to", RENAME_EXCHANGE)));
            show_stat("from");
            show_stat("to");
            if (unlink("from") < 0) rmdir("from");
            if (unlink("to") < 0) rmdir("to");
        }
    show_dir(".");
}

CASE(exchange_missing) {
    make_text("f", "x");
    DO(flip("f", "missing", RENAME_EXCHANGE));
    DO(flip("missing", "f", RENAME_EXCHANGE));
    DO(flip("f", "f", RENAME_EXCHANGE));
    show_stat("f");
}

CASE(exchange_directories_with_content) {
    MUST(mkdir("a", 0755));
    MUST(mkdir("b", 0755));
    MUST(mkdir("a/x", 0755));
    make_text("a/x/f", "from a");
    make_text("b/g", "from b");
    DO(flip("a/x", "b/g", RENAME_EXCHANGE));
    show_stat("a");
    show_stat("b");
    show_content("b/g/f");
    show_content("a/x");
    struct stat parent, b;
    MUST(stat("b/g/..", &parent));
    MUST(stat("b", &b));
    say(".. is the new parent = %d", parent.st_ino == b.st_ino);
    MUST(mkdir("c", 0755));
    DO(flip("b/g", "c", RENAME_EXCHANGE));
    show_stat("a");
    show_stat("b");
    show_stat(".");
}

CASE(exchange_with_descendant) {
    MUST(mkdir("a", 0755));
    MUST(mkdir("a/b", 0755));
    MUST(mkdir("a/b/c", 0755));
    DO(flip("a", "a/b", RENAME_EXCHANGE));
    DO(flip("a/b", "a", RENAME_EXCHANGE));
    DO(flip("a", "a/b/c", RENAME_EXCHANGE));
    DO(flip("a/b/c", "a", RENAME_EXCHANGE));
    show_dir("a/b");
}

CASE(whiteout) {
    make_text("f", "x");
    DO(flip("f", "g", RENAME_WHITEOUT));
    show_stat("f");
    show_stat("g");
    make_text("h", "y");
    DO(flip("h", "g", RENAME_WHITEOUT));
    show_stat("h");
    show_content("g");
    DO(flip("g", "h", RENAME_WHITEOUT | RENAME_NOREPLACE));
    DO(flip("g", "new", RENAME_WHITEOUT | RENAME_NOREPLACE));
    show_dir(".");
    MUST(mkdir("d", 0755));
    DO(flip("d", "e", RENAME_WHITEOUT));
    show_stat("d");
    show_stat("e");
    show_stat(".");
}

CASE(whiteout_as_user) {
    MUST(chmod(".", 0777));
    AS(ALICE, STAFF) {
        make_text("f", "x");
        DO(flip("f", "g", RENAME_WHITEOUT));
    }
    show_stat("f");
    show_stat("g");
}

CASE(bad_flags) {
    make_text("f", "x");
    make_text("g", "y");
    DO(flip("f", "g", RENAME_NOREPLACE | RENAME_EXCHANGE));
    DO(flip("f", "g", RENAME_WHITEOUT | RENAME_EXCHANGE));
    DO(flip("f", "g", 8));
    DO(flip("f", "g", 0x80000000));
    show_content("f");
    show_content("g");
}

CASE(onto_itself) {
    make_text("f", "x");
    MUST(link("f", "g"));
    DO(rename("f", "f"));
    DO(rename("f", "g"));
    show_stat("f");
    show_stat("g");
    DO(flip("f", "g", RENAME_NOREPLACE));
    DO(flip("f", "g", RENAME_EXCHANGE));
    DO(flip("f", "f", RENAME_NOREPLACE));
    MUST(mkdir("d", 0755));
    DO(rename("d", "d"));
    DO(rename("d", "d/"));
    show_dir(".");
}

CASE(hard_links_in_two_directories) {
    MUST(mkdir("d", 0755));
    make_text("f", "x");
    MUST(link("f", "d/f"));
    DO(rename("f", "d/f"));
    show_stat("f");
    show_stat("d/f");
    DO(rename("f", "d/g"));
    show_stat("d/g");
    show_dir("d");
}

CASE(over_open_file) {
    make_text("a", "new");
    make_text("b", "old");
    int fd = MUST(open("b", O_RDWR));
    DO(rename("a", "b"));
    show_fstat("old b", fd);
    show_fd_content("old b", fd);
    show_content("b");
    DO(write(fd, "OLDER", 5));
    show_fd_content("old b", fd);
    show_content("b");
}

CASE(open_file_keeps) {
    make_text("a", "data");
    int fd = MUST(open("a", O_RDWR | O_APPEND));
    MUST(mkdir("d", 0755));
    DO(rename("a", "d/b"));
    DO(write(fd, "more", 4));
    show_content("d/b");
    show_fstat("open", fd);
}

CASE(over_linked_file) {
    make_text("a", "new");
    make_text("b", "old");
    MUST(link("b", "other"));
    DO(rename("a", "b"));
    show_stat("other");
    show_content("other");
    show_stat("b");
}

CASE(directory) {
    MUST(mkdir("a", 0755));
    MUST(mkdir("a/sub", 0755));
    make_text("a/f", "x");
    DO(rename("a", "b"));
    show_dir("b");
    show_stat("b");
    show_content("b/f");
    DO(rename("b/", "c"));
    DO(rename("c", "d/"));
    show_dir(".");
}

CASE(directory_over_empty) {
    MUST(mkdir("a", 0755));
    make_text("a/f", "x");
    MUST(mkdir("b", 0700));
    DO(rename("a", "b"));
    show_dir("b");
    show_mode("b");
    show_stat(".");
}

CASE(directory_over_full) {
    MUST(mkdir("a", 0755));
    MUST(mkdir("b", 0755));
    make_text("b/f", "x");
    DO(rename("a", "b"));
    show_dir(".");
    MUST(unlink("b/f"));
    MUST(mkdir("b/sub", 0755));
    DO(rename("a", "b"));
    show_stat(".");
}

CASE(directory_into_itself) {
    MUST(mkdir("a", 0755));
    MUST(mkdir("a/b", 0755));
    MUST(mkdir("a/b/c", 0755));
    DO(rename("a", "a/x"));
    DO(rename("a", "a/b"));
    DO(rename("a", "a/b/x"));
    DO(rename("a", "a/b/c"));
    DO(rename("a/b", "a"));
    DO(rename("a/b/c", "a"));
    DO(rename("a/b/c", "a/b"));
    show_dir("a/b");
}

CASE(directory_across) {
    MUST(mkdir("a", 0755));
    MUST(mkdir("b", 0755));
    MUST(mkdir("a/d", 0755));
    make_text("a/d/f", "x");
    DO(rename("a/d", "b/e"));
    show_stat("a");
    show_stat("b");
    show_stat("b/e");
    MUST(mkdir("a/empty", 0755));
    DO(rename("b/e", "a/empty"));
    show_stat("a");
    show_stat("b");
    show_content("a/empty/f");
}

CASE(dots) {
    MUST(mkdir("d", 0755));
    DO(rename(".", "x"));
    DO(rename("d", "."));
    DO(rename("d/.", "x"));
    DO(rename("d/..", "x"));
    DO(rename("..", "x"));
    DO(rename("d", ".."));
    show_dir(".");
}

CASE(trailing_slash) {
    make_text("f", "x");
    MUST(mkdir("d", 0755));
    MUST(symlink("d", "l"));
    DO(rename("f/", "g"));
    DO(rename("f", "g/"));
    DO(rename("l/", "m"));
    DO(rename("l", "m/"));
    DO(rename("d/", "e/"));
    show_dir(".");
}

CASE(symlink_itself) {
    make_text("f", "x");
    MUST(symlink("f", "l"));
    DO(rename("l", "m"));
    show_link("m");
    MUST(symlink("elsewhere", "n"));
    DO(rename("f", "n"));
    show_stat("n");
    show_dir(".");
}

CASE(removed_directory_in_use) {
    MUST(mkdir("a", 0755));
    MUST(mkdir("b", 0755));
    int fd = MUST(open("b", O_RDONLY));
    DO(rename("a", "b"));
    show_fstat("old b", fd);
    OPEN(openat(fd, "x", O_CREAT | O_RDWR, 0600));
    DO(renameat(AT_FDCWD, "b", fd, "x"));
}

CASE(frees_the_target) {
    make_file("a", 100, 'a');
    make_file("b", 1 << 20, 'b');
    struct statfs before, after;
    MUST(statfs(".", &before));
    DO(rename("a", "b"));
    MUST(statfs(".", &after));
    say("blocks back = %ld inodes back = %ld", (long)(after.f_bfree - before.f_bfree), (long)(after.f_ffree - before.f_ffree));
}

CASE(chain) {
    make_text("n0", "traveller");
    for (int i = 0; i < 500; i++) {
        char from[16], to[16];
        snprintf(from, sizeof from, "n%d", i);
        snprintf(to, sizeof to, "n%d", i + 1);
        MUST(rename(from, to));
    }
    show_dir(".");
    show_content("n500");
    show_stat(".");
}

CASE(deep_move) {
    MUST(mkdir("src", 0755));
    char path[600] = "src";
    for (int i = 0; i < 50; i++) {
        strcat(path, "/level");
        MUST(mkdir(path, 0755));
    }
    strcat(path, "/f");
    make_text(path, "bottom");
    MUST(mkdir("dst", 0755));
    DO(rename("src/level", "dst/level"));
    memcpy(path, "dst", 3);
    say("content at %zu bytes of path", strlen(path));
    show_content(path);
    DO(rename("dst/level/level/level", "src/cut"));
    show_stat(path);
    show_dir("src/cut");
}

CASE(long_names) {
    char a[300], b[300];
    memset(a, 'a', 255);
    memset(b, 'b', 256);
    a[255] = b[256] = 0;
    make_text("f", "x");
    DO(rename("f", b));
    DO(rename("f", a));
    DO(rename(a, b));
    DO(flip(a, b, RENAME_NOREPLACE));
    show_stat(a);
    DO(rename(a, "f"));
    show_dir(".");
}

CASE(sticky_directory) {
    MUST(mkdir("t", 0755));
    MUST(chmod("t", 01777));
    make_text("t/alice", "x");
    make_text("t/bob", "x");
    make_text("t/both", "x");
    MUST(chown("t/alice", ALICE, STAFF));
    MUST(chown("t/bob", BOB, STAFF));
    AS(ALICE, STAFF) {
        DO(rename("t/bob", "t/x"));
        DO(rename("t/alice", "t/bob"));
        DO(flip("t/alice", "t/bob", RENAME_EXCHANGE));
        DO(rename("t/alice", "t/y"));
        DO(unlink("t/bob"));
    }
    show_dir("t");
    MUST(chown("t", ALICE, STAFF));
    AS(ALICE, STAFF) {
        DO(rename("t/bob", "t/x"));
        DO(rename("t/x", "t/y"));
        DO(unlink("t/y"));
    }
    show_dir("t");
}

CASE(without_write_permission) {
    MUST(mkdir("a", 0755));
    MUST(mkdir("b", 0777));
    MUST(chmod("b", 0777));
    make_text("a/f", "x");
    make_text("b/f", "x");
    AS(ALICE, STAFF) {
        DO(rename("a/f", "b/g"));
        DO(rename("b/f", "a/g"));
        DO(rename("a/f", "a/g"));
        DO(rename("b/f", "b/g"));
    }
    show_dir("a");
    show_dir("b");
}

CASE(directory_not_writable_itself) {
    // Moving a directory to another parent changes its '..', which needs write permission for the directory.
    MUST(mkdir("a", 0755));
    MUST(mkdir("b", 0755));
    MUST(chmod("a", 0777));
    MUST(chmod("b", 0777));
    MUST(mkdir("a/d", 0555));
    MUST(mkdir("a/mine", 0755));
    MUST(chown("a/mine", ALICE, STAFF));
    MUST(chmod("a/mine", 0555));
    AS(ALICE, STAFF) {
        DO(rename("a/d", "b/d"));
        DO(rename("a/d", "a/e"));
        DO(rename("a/mine", "b/mine"));
    }
    show_dir("b");
}
