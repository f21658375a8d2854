// Who may do what: modes, groups, sticky and set-group-id directories, capabilities.
#include "cases.h"

#define SUBJECT "permission"

CASE(file_modes) {
    make_text("f", "data");
    MUST(chown("f", ALICE, STAFF));
    static const struct { const char *who; uid_t uid; gid_t gid; } people[] = {{"owner", ALICE, GUESTS}, {"group", BOB, STAFF}, {"other", BOB, GUESTS}};
    for (mode_t mode = 0; mode < 8; mode++)
        for (int p = 0; p < 3; p++) {
            MUST(chmod("f", mode << (6 - 3 * p)));
            AS(people[p].uid, people[p].gid) {
                say("%s %o: r %s w %s rw %s x %s", people[p].who, mode, outcome_fd(open("f", O_RDONLY)), outcome_fd(open("f", O_WRONLY)),
                    outcome_fd(open("f", O_RDWR)), outcome(access("f", X_OK)));
            }
        }
}

CASE(directory_modes) {
    MUST(mkdir("d", 0755));
    make_text("d/f", "data");
    MUST(chown("d", ALICE, STAFF));
    for (mode_t mode = 0; mode < 8; mode++) {
        MUST(chmod("d", mode));
        AS(BOB, GUESTS) {
            say("mode %o: list %s", mode, outcome_fd(open("d", O_RDONLY)));
            say("mode %o: look %s", mode, outcome(access("d/f", F_OK)));
            say("mode %o: look for nothing %s", mode, outcome(access("d/none", F_OK)));
            say("mode %o: create %s", mode, outcome_fd(open("d/g", O_CREAT | O_WRONLY, 0600)));
            say("mode %o: mkdir %s", mode, outcome(mkdir("d/e", 0700)));
            say("mode %o: link %s", mode, outcome(symlink("x", "d/l")));
            say("mode %o: fifo %s", mode, outcome(mknod("d/p", S_IFIFO | 0600, 0)));
            say("mode %o: remove %s %s %s %s", mode, outcome(unlink("d/g")), outcome(rmdir("d/e")), outcome(unlink("d/l")), outcome(unlink("d/p")));
        }
    }
}

CASE(first_class_that_fits_decides) {
    make_text("f", "data");
    MUST(chown("f", ALICE, STAFF));
    MUST(chmod("f", 0077));
    AS(ALICE, STAFF) { OPEN(open("f", O_RDONLY)); }
    MUST(chmod("f", 0707));
    AS(BOB, STAFF) { OPEN(open("f", O_RDONLY)); }
    AS_MEMBER(BOB, GUESTS, STAFF) { OPEN(open("f", O_RDONLY)); }
    AS(BOB, GUESTS) { OPEN(open("f", O_RDONLY)); }
}

CASE(root_may) {
    make_text("f", "data");
    MUST(mkdir("d", 0755));
    make_text("d/g", "x");
    MUST(chown("f", ALICE, STAFF));
    MUST(chmod("f", 0));
    MUST(chmod("d", 0));
    OPEN(open("f", O_RDWR));
    DO(access("f", R_OK | W_OK));
    DO(access("f", X_OK));
    DO(access("d/g", R_OK));
    OPEN(open("d/h", O_CREAT | O_RDWR, 0600));
    show_dir("d");
    MUST(chmod("f", 0001));
    DO(access("f", X_OK));
}

CASE(faccessat_flags) {
    make_text("f", "x");
    MUST(symlink("f", "l"));
    MUST(symlink("nowhere", "dangling"));
    DO(faccessat(AT_FDCWD, "f", R_OK, 0));
    DO(syscall(439, AT_FDCWD, "l", R_OK, AT_SYMLINK_NOFOLLOW));
    DO(syscall(439, AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW));
    DO(syscall(439, AT_FDCWD, "dangling", F_OK, 0));
    DO(syscall(439, AT_FDCWD, "f", 8, 0));
    DO(access("missing", F_OK));
}

CASE(search_along_the_path) {
    MUST(mkdir("a", 0755));
    MUST(mkdir("a/b", 0755));
    MUST(mkdir("a/b/c", 0755));
    make_text("a/b/c/f", "x");
    MUST(chmod("a/b/c/f", 0666));
    for (int i = 0; i < 3; i++) {
        static const char *const paths[] = {"a", "a/b", "a/b/c"};
        MUST(chmod(paths[i], 0766));
        AS(ALICE, STAFF) {
            OPEN(open("a/b/c/f", O_RDONLY));
            DO(access("a/b/c/f", F_OK));
            DO(truncate("a/b/c/f", 0));
            DO(chdir("a/b/c"));
        }
        MUST(chmod(paths[i], 0755));
        AS(ALICE, STAFF) { OPEN(open("a/b/c/f", O_RDONLY)); }
    }
}

CASE(sticky_directory) {
    MUST(mkdir("t", 0755));
    MUST(chmod("t", 01777));
    EACH_KIND(kind) {
        char path[32];
        snprintf(path, sizeof path, "t/%s", kind);
        make_kind(path, kind);
        MUST(lchown(path, ALICE, STAFF));
        AS(BOB, STAFF) {
            say("unlink of another's %s = %s", kind, outcome(unlink(path)));
            say("rmdir of another's %s = %s", kind, outcome(rmdir(path)));
        }
        AS(ALICE, STAFF) { say("unlink of one's own %s = %s", kind, outcome(strcmp(kind, "directory") ? unlink(path) : rmdir(path))); }
    }
    show_dir("t");
}

CASE(sticky_directory_of_ones_own) {
    MUST(mkdir("t", 0755));
    MUST(chown("t", ALICE, STAFF));
    MUST(chmod("t", 01777));
    make_text("t/f", "x");
    MUST(chown("t/f", BOB, STAFF));
    AS(ALICE, STAFF) { DO(unlink("t/f")); }
}

CASE(new_files_belong_to_the_caller) {
    MUST(chmod(".", 0777));
    AS(ALICE, STAFF) {
        MUST(close(MUST(open("f", O_CREAT | O_WRONLY, 0644))));
        MUST(mkdir("d", 0755));
        MUST(symlink("x", "l"));
        MUST(mknod("p", S_IFIFO | 0600, 0));
    }
    show_stat("f");
    show_stat("d");
    show_stat("l");
    show_stat("p");
}

CASE(new_files_by_file_system_ids) {
    // A file server changes these ids alone.
    MUST(chmod(".", 0777));
    IN_CHILD {
        setfsgid(STAFF);
        setfsuid(ALICE);
        MUST(close(MUST(open("f", O_CREAT | O_WRONLY, 0644))));
        DO(mkdir("d", 0700));
        setfsuid(BOB);
        OPEN(open("d/x", O_CREAT | O_WRONLY, 0600));
        DO(chmod("f", 0600));
        OPEN(open("f", O_WRONLY));
    }
    show_stat("f");
    show_stat("d");
}

CASE(set_group_id_directory) {
    MUST(mkdir("d", 0755));
    MUST(chown("d", 0, GUESTS));
    MUST(chmod("d", 02777));
    AS(ALICE, STAFF) {
        MUST(close(MUST(open("d/f", O_CREAT | O_WRONLY, 0644))));
        MUST(mkdir("d/e", 0755));
        MUST(mkdir("d/e/deeper", 0755));
        MUST(symlink("x", "d/l"));
        MUST(mknod("d/p", S_IFIFO | 0600, 0));
        MUST(mknod("d/n", S_IFREG | 0600, 0));
    }
    show_stat("d/f");
    show_stat("d/e");
    show_stat("d/e/deeper");
    show_stat("d/l");
    show_stat("d/p");
    show_stat("d/n");
}

CASE(set_group_id_directory_and_executables) {
    // A new file that its group may execute loses set-group-ID if its maker is not in the group.
    MUST(mkdir("d", 0755));
    MUST(chown("d", 0, GUESTS));
    MUST(chmod("d", 02777));
    umask(0);
    static const mode_t modes[] = {02755, 02745, 02644, 06711, 02770};
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) {
        AS(ALICE, STAFF) { MUST(close(MUST(open("d/out", O_CREAT | O_WRONLY, modes[i])))); }
        AS_MEMBER(ALICE, STAFF, GUESTS) { MUST(close(MUST(open("d/in", O_CREAT | O_WRONLY, modes[i])))); }
        MUST(close(MUST(open("d/root", O_CREAT | O_WRONLY, modes[i]))));
        AS(ALICE, STAFF) { MUST(mknod("d/node", S_IFREG | modes[i], 0)); }
        AS(ALICE, STAFF) { MUST(mkdir("d/dir", modes[i])); }
        show_owner("d/out");
        show_owner("d/in");
        show_owner("d/root");
        show_owner("d/node");
        show_owner("d/dir");
        MUST(unlink("d/out"));
        MUST(unlink("d/in"));
        MUST(unlink("d/root"));
        MUST(unlink("d/node"));
        MUST(rmdir("d/dir"));
    }
}

CASE(unlink_needs_the_directory_not_the_file) {
    MUST(mkdir("d", 0755));
    MUST(chmod("d", 0777));
    make_text("d/f", "x");
    MUST(chmod("d/f", 0));
    MUST(mkdir("e", 0755));
    make_text("e/f", "x");
    MUST(chmod("e/f", 0777));
    AS(ALICE, STAFF) {
        DO(unlink("d/f"));
        DO(unlink("e/f"));
        DO(rmdir("d"));
    }
}

CASE(hard_link_of_anothers) {
    MUST(chmod(".", 0777));
    make_text("f", "x");
    MUST(chmod("f", 0600));
    make_text("open", "x");
    MUST(chmod("open", 0666));
    make_text("set-id", "x");
    MUST(chmod("set-id", 04777));
    make_kind("p", "fifo");
    AS(ALICE, STAFF) {
        DO(link("f", "f2"));
        DO(link("open", "open2"));
        DO(link("set-id", "set-id2"));
        DO(link("p", "p2"));
    }
}

CASE(execute) {
    make_program("p", 0755);
    run_program("./p", "exit");
    MUST(chmod("p", 0644));
    run_program("./p", "exit");
    MUST(chmod("p", 0744));
    AS(ALICE, STAFF) { run_program("./p", "exit"); }
    MUST(chmod("p", 0711));
    AS(ALICE, STAFF) { run_program("./p", "exit"); }
    make_text("text", "#!./p\n");
    MUST(chmod("text", 0755));
    run_program("./text", "exit");
    make_text("junk", "junk");
    MUST(chmod("junk", 0755));
    run_program("./junk", "exit");
    MUST(mkdir("d", 0755));
    run_program("./d", "exit");
}

CASE(execute_while_written) {
    make_program("p", 0755);
    int fd = MUST(open("p", O_WRONLY));
    run_program("./p", "exit");
    MUST(close(fd));
    run_program("./p", "exit");
}

CASE(chdir_and_search) {
    MUST(mkdir("d", 0755));
    MUST(chmod("d", 0700));
    AS(ALICE, STAFF) { DO(chdir("d")); }
    MUST(chmod("d", 0701));
    AS(ALICE, STAFF) {
        DO(chdir("d"));
        OPEN(open(".", O_RDONLY));
        OPEN(open("..", O_RDONLY));
    }
    make_text("f", "x");
    DO(chdir("f"));
    DO(chdir("missing"));
    int fd = MUST(open("d", O_RDONLY));
    DO(fchdir(fd));
    DO(fchdir(MUST(open("../f", O_RDONLY))));
}

CASE(change_of_mode_takes_effect) {
    // The old mode must not be answered from a cache.
    make_text("f", "x");
    MUST(mkdir("d", 0755));
    make_text("d/f", "x");
    for (int i = 0; i < 4; i++) {
        mode_t mode = i % 2 ? 0644 : 0600;
        MUST(chmod("f", mode));
        MUST(chmod("d", i % 2 ? 0755 : 0700));
        AS(ALICE, STAFF) {
            OPEN(open("f", O_RDONLY));
            OPEN(open("d/f", O_RDONLY));
        }
    }
    MUST(chmod("f", 0600));
    MUST(chown("f", ALICE, STAFF));
    AS(ALICE, STAFF) { OPEN(open("f", O_RDONLY)); }
    AS(BOB, STAFF) { OPEN(open("f", O_RDONLY)); }
}

CASE(umask_of_the_caller) {
    MUST(chmod(".", 0777));
    AS(ALICE, STAFF) {
        umask(0027);
        MUST(close(MUST(open("f", O_CREAT | O_WRONLY, 0666))));
        MUST(mkdir("d", 0777));
        umask(0);
        MUST(close(MUST(open("g", O_CREAT | O_WRONLY, 0666))));
    }
    show_owner("f");
    show_owner("d");
    show_owner("g");
}

CASE(stat_needs_no_permission_on_the_file) {
    make_text("f", "x");
    MUST(chmod("f", 0));
    AS(ALICE, STAFF) {
        show_stat("f");
        OPEN(open("f", O_PATH));
        char value[8];
        DO(getxattr("f", "user.none", value, 8));
    }
}
