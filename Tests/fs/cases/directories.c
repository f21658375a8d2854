// mkdir(2), rmdir(2): what they refuse, and what they do to the parent.
#include "cases.h"

#define SUBJECT "directory"

CASE(make) {
    DO(mkdir("d", 0755));
    show_stat("d");
    show_dir("d");
    DO(mkdir("d/e", 0700));
    show_stat("d");
    show_stat("d/e");
}

CASE(make_mode_and_umask) {
    static const mode_t modes[] = {0, 0111, 0700, 0777, 01777, 02777, 04777, 07777}, masks[] = {0, 022, 0777};
    for (int m = 0; m < 3; m++)
        for (int i = 0; i < 8; i++) {
            char name[32];
            snprintf(name, sizeof name, "m%04o-%04o", modes[i], masks[m]);
            umask(masks[m]);
            MUST(mkdir(name, modes[i]));
            show_mode(name);
        }
}

CASE(make_over_existing) {
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("mkdir over %s = %s", kind, outcome(mkdir(kind, 0755)));
    }
    DO(mkdir(".", 0755));
    DO(mkdir("..", 0755));
    DO(mkdir("directory/.", 0755));
    DO(mkdir("directory/..", 0755));
}

CASE(make_bad_paths) {
    make_text("f", "x");
    DO(mkdir("", 0755));
    DO(mkdir("missing/d", 0755));
    DO(mkdir("f/d", 0755));
    DO(mkdir("f/", 0755));
    MUST(symlink("l", "l"));
    DO(mkdir("l/d", 0755));
    DO(mkdir("missing/", 0755));
    show_dir(".");
}

CASE(make_through_a_dangling_symlink) {
    MUST(symlink("target", "l"));
    DO(mkdir("l", 0755));
    DO(mkdir("l/", 0755));
    show_dir(".");
}

CASE(links_of_a_parent) {
    struct stat before, after;
    MUST(stat(".", &before));
    for (int i = 0; i < 10; i++) {
        char name[8];
        snprintf(name, sizeof name, "d%d", i);
        MUST(mkdir(name, 0755));
        make_text(name + 1, "");
    }
    show_stat(".");
    for (int i = 0; i < 10; i += 2) {
        char name[8];
        snprintf(name, sizeof name, "d%d", i);
        MUST(rmdir(name));
    }
    show_stat(".");
    for (int i = 1; i < 10; i += 2) {
        char name[8];
        snprintf(name, sizeof name, "d%d", i);
        char to[8];
        snprintf(to, sizeof to, "e%d", i);
        MUST(rename(name, to));
    }
    MUST(stat(".", &after));
    say("links %ld", (long)after.st_nlink - (long)before.st_nlink);
}

CASE(size) {
    MUST(mkdir("d", 0755));
    show_stat("d");
    for (int i = 0; i < 200; i++) {
        char name[300];
        snprintf(name, sizeof name, "d/%0*d", i % 200 + 1, i);
        MUST(symlink("x", name));
    }
    show_stat("d");
    for (int i = 0; i < 150; i++) {
        char name[300];
        snprintf(name, sizeof name, "d/%0*d", i % 200 + 1, i);
        MUST(unlink(name));
    }
    show_stat("d");
}

CASE(size_by_kind) {
    MUST(mkdir("d", 0755));
    EACH_KIND(kind) {
        char path[32];
        snprintf(path, sizeof path, "d/%s", kind);
        make_kind(path, kind);
        struct stat status;
        MUST(stat("d", &status));
        say("size with %s = %lld", kind, (long long)status.st_size);
    }
    MUST(link("d/file", "d/hard"));
    MUST(mkdir("e", 0755));
    MUST(rename("d/file", "e/file"));
    show_stat("d");
    show_stat("e");
    MUST(rename("d/hard", "d/hard2"));
    show_stat("d");
    MUST(rename("e/file", "d/fifo"));
    show_stat("d");
    show_stat("e");
    DO(flip("d/directory", "e/x", 0));
    DO(flip("d/char", "e/x", RENAME_EXCHANGE));
    show_stat("d");
    show_stat("e");
}

CASE(remove) {
    MUST(mkdir("d", 0755));
    DO(rmdir("d"));
    DO(rmdir("d"));
    show_dir(".");
}

CASE(remove_of_others) {
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("rmdir of %s = %s", kind, outcome(rmdir(kind)));
    }
    MUST(mkdir("directory", 0755));
    MUST(symlink("directory", "to-directory"));
    DO(rmdir("to-directory"));
    DO(rmdir("to-directory/"));
    show_dir(".");
}

CASE(remove_not_empty) {
    EACH_KIND(kind) {
        MUST(mkdir("d", 0755));
        make_kind("d/x", kind);
        say("rmdir with %s in it = %s", kind, outcome(rmdir("d")));
        show_dir("d");
        if (!strcmp(kind, "directory")) MUST(rmdir("d/x"));
        else MUST(unlink("d/x"));
        say("rmdir without = %s", outcome(rmdir("d")));
    }
}

CASE(remove_bad_paths) {
    MUST(mkdir("d", 0755));
    make_text("f", "x");
    DO(rmdir(""));
    DO(rmdir("."));
    DO(rmdir("d/."));
    DO(rmdir("d/.."));
    DO(rmdir(".."));
    DO(rmdir("f/x"));
    DO(rmdir("f/"));
    DO(rmdir("missing"));
    DO(rmdir("missing/x"));
    DO(rmdir("d/"));
    show_dir(".");
}

CASE(removed_while_open) {
    MUST(mkdir("d", 0755));
    int fd = MUST(open("d", O_RDONLY));
    DO(rmdir("d"));
    show_fstat("d", fd);
    OPEN(openat(fd, "x", O_CREAT | O_RDWR, 0600));
    DO(mkdirat(fd, "x", 0755));
    DO(symlinkat("a", fd, "x"));
    DO(mknodat(fd, "x", S_IFIFO | 0600, 0));
    make_text("f", "x");
    DO(linkat(AT_FDCWD, "f", fd, "x", 0));
    DO(renameat(AT_FDCWD, "f", fd, "x"));
    DO(unlinkat(fd, "x", 0));
    DO(faccessat(fd, "x", F_OK, 0));
    DO(fchmod(fd, 0700));
    DO(fsetxattr(fd, "user.a", "b", 1, 0));
    show_fstat("d", fd);
    DIR *directory = fdopendir(fd);
    int count = 0;
    while (readdir(directory)) count++;
    say("entries = %d", count);
}

CASE(removed_working_directory) {
    MUST(mkdir("d", 0755));
    IN_CHILD {
        MUST(chdir("d"));
        DO(rmdir("../d"));
        char path[PATH_MAX];
        DO(getcwd(path, sizeof path) == NULL);
        OPEN(open("x", O_CREAT | O_RDWR, 0600));
        OPEN(open(".", O_RDONLY));
        DO(chdir(".."));
        show_stat("d");
    }
    show_dir(".");
}

CASE(make_again_after_remove) {
    for (int i = 0; i < 50; i++) {
        MUST(mkdir("d", 0755));
        make_text("d/f", "x");
        MUST(unlink("d/f"));
        MUST(rmdir("d"));
    }
    MUST(mkdir("d", 0711));
    show_stat("d");
    show_dir("d");
    MUST(rmdir("d"));
    make_text("d", "now a file");
    show_stat("d");
}

CASE(nested_with_dots) {
    DO(mkdir("a", 0755));
    DO(mkdir("a/b", 0755));
    DO(mkdir("a/./b/../c", 0755));
    DO(mkdir("a//d///e", 0755));
    DO(mkdir("a//d///", 0755));
    show_dir("a");
    struct stat parent, self;
    MUST(stat("a/b/..", &parent));
    MUST(stat("a", &self));
    say(".. is the parent = %d", parent.st_ino == self.st_ino);
}

CASE(dot_dot_after_rename) {
    MUST(mkdir("a", 0755));
    MUST(mkdir("b", 0755));
    MUST(mkdir("a/x", 0755));
    int fd = MUST(open("a/x", O_RDONLY));
    MUST(rename("a/x", "b/x"));
    struct stat parent, b;
    MUST(fstatat(fd, "..", &parent, 0));
    MUST(stat("b", &b));
    say(".. is the new parent = %d", parent.st_ino == b.st_ino);
    DIR *directory = opendir("b/x");
    for (struct dirent *entry; (entry = readdir(directory));)
        if (!strcmp(entry->d_name, "..")) say("d_ino of .. is the new parent's = %d", entry->d_ino == b.st_ino);
    show_stat("a");
    show_stat("b");
}

CASE(blocks_and_io_size) {
    MUST(mkdir("d", 0755));
    make_text("f", "x");
    struct stat status;
    MUST(stat("d", &status));
    say("directory: blksize %ld blocks %ld", (long)status.st_blksize, (long)status.st_blocks);
    MUST(stat("f", &status));
    say("file: blksize %ld blocks %ld", (long)status.st_blksize, (long)status.st_blocks);
}
