// chmod(2), chown(2), and the clearing of set-user-id, set-group-id and security.capability.
#include "cases.h"

#define SUBJECT "mode"

CASE(change) {
    make_text("f", "x");
    static const mode_t modes[] = {0, 0777, 0644, 01000, 02000, 04000, 07777, 02010, 06711};
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) {
        say("chmod %04o = %s", modes[i], outcome(chmod("f", modes[i])));
        show_mode("f");
    }
    DO(chmod("f", 0177777));
    show_stat("f");
}

CASE(change_each_kind) {
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("chmod of %s = %s", kind, outcome(chmod(kind, 07531)));
        show_mode(kind);
        say("lchmod of %s = %s", kind, outcome(syscall(SYS_fchmodat2, AT_FDCWD, kind, 0640, AT_SYMLINK_NOFOLLOW)));
        show_mode(kind);
    }
}

CASE(change_bad_paths) {
    make_text("f", "x");
    DO(chmod("missing", 0600));
    DO(chmod("f/x", 0600));
    DO(chmod("", 0600));
    DO(chmod("f/", 0600));
    DO(fchmod(9999, 0600));
    MUST(symlink("l", "l"));
    DO(chmod("l", 0600));
    DO(chown("missing", 1, 1));
    DO(chown("l", 1, 1));
    DO(lchown("l", 1, 1));
}

CASE(change_by_another) {
    make_text("f", "x");
    MUST(chown("f", ALICE, STAFF));
    AS(BOB, STAFF) {
        DO(chmod("f", 0777));
        DO(chown("f", BOB, STAFF));
    }
    AS(ALICE, STAFF) { DO(chmod("f", 0600)); }
    show_owner("f");
}

CASE(set_group_id_outside_the_group) {
    make_text("f", "x");
    MUST(chown("f", ALICE, GUESTS));
    AS(ALICE, STAFF) { DO(chmod("f", 02755)); }
    show_owner("f");
    AS_MEMBER(ALICE, STAFF, GUESTS) { DO(chmod("f", 02755)); }
    show_owner("f");
    MUST(mkdir("d", 0755));
    MUST(chown("d", ALICE, GUESTS));
    AS(ALICE, STAFF) { DO(chmod("d", 02755)); }
    show_owner("d");
}

CASE(sticky_file_as_user) {
    make_text("f", "x");
    MUST(chown("f", ALICE, STAFF));
    AS(ALICE, STAFF) { DO(chmod("f", 01644)); }
    show_owner("f");
}

CASE(owner_each_kind) {
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("lchown of %s = %s", kind, outcome(lchown(kind, ALICE, STAFF)));
        show_owner(kind);
    }
}

CASE(owner_partly) {
    make_text("f", "x");
    DO(chown("f", ALICE, STAFF));
    show_owner("f");
    DO(chown("f", -1, GUESTS));
    show_owner("f");
    DO(chown("f", BOB, -1));
    show_owner("f");
    DO(chown("f", -1, -1));
    show_owner("f");
    DO(chown("f", 4294967294u, 4294967294u));
    show_owner("f");
    DO(chown("f", 0, 0));
    show_owner("f");
}

CASE(owner_follows_links) {
    make_text("f", "x");
    MUST(symlink("f", "l"));
    DO(chown("l", ALICE, STAFF));
    show_owner("f");
    show_owner("l");
    DO(lchown("l", BOB, GUESTS));
    show_owner("f");
    show_owner("l");
    int fd = MUST(open("f", O_RDONLY));
    DO(fchown(fd, BOB, -1));
    DO(fchownat(fd, "", -1, GUESTS, AT_EMPTY_PATH));
    show_owner("f");
}

CASE(owner_as_user) {
    make_text("f", "x");
    MUST(chown("f", ALICE, STAFF));
    AS_MEMBER(ALICE, STAFF, GUESTS) {
        DO(chown("f", ALICE, GUESTS));
        show_owner("f");
        DO(chown("f", -1, STAFF));
        DO(chown("f", ALICE, -1));
        DO(chown("f", BOB, -1));
        DO(chown("f", -1, 65511 + 5));
        DO(chown("f", -1, -1));
        show_owner("f");
    }
    AS(BOB, STAFF) {
        DO(chown("f", -1, STAFF));
        DO(chown("f", -1, -1));
        DO(chown("f", BOB, -1));
    }
    show_owner("f");
}

static const mode_t special[] = {06755, 04755, 02755, 02745, 06777, 06644, 07711};

CASE(owner_clears_as_root) {
    for (unsigned i = 0; i < sizeof special / sizeof *special; i++) {
        make_text("f", "x");
        MUST(chmod("f", special[i]));
        say("from %04o: chown = %s", special[i], outcome(chown("f", ALICE, STAFF)));
        show_owner("f");
        MUST(chmod("f", special[i]));
        say("from %04o: chown to nobody new = %s", special[i], outcome(chown("f", -1, -1)));
        show_owner("f");
        MUST(unlink("f"));
    }
}

CASE(owner_clears_as_user) {
    for (unsigned i = 0; i < sizeof special / sizeof *special; i++) {
        make_text("f", "x");
        MUST(chown("f", ALICE, STAFF));
        MUST(chmod("f", special[i]));
        AS_MEMBER(ALICE, STAFF, GUESTS) { say("from %04o: chown = %s", special[i], outcome(chown("f", -1, GUESTS))); }
        show_owner("f");
        MUST(chmod("f", special[i]));
        AS_MEMBER(ALICE, STAFF, GUESTS) { say("from %04o: chown to nobody new = %s", special[i], outcome(chown("f", -1, -1))); }
        show_owner("f");
        MUST(unlink("f"));
    }
}

CASE(owner_keeps_on_directories) {
    MUST(mkdir("d", 0755));
    MUST(chmod("d", 07777));
    DO(chown("d", ALICE, STAFF));
    show_owner("d");
    MUST(chmod("d", 06777));
    AS_MEMBER(ALICE, STAFF, GUESTS) { DO(chown("d", -1, GUESTS)); }
    show_owner("d");
}

CASE(owner_clears_each_kind) {
    EACH_KIND(kind) {
        if (!strcmp(kind, "symlink")) continue;
        make_kind(kind, kind);
        MUST(chmod(kind, 06777));
        say("chown of %s = %s", kind, outcome(chown(kind, ALICE, STAFF)));
        show_owner(kind);
    }
}

// Set-id bits after a write by a user who is neither owner nor privileged.
static void clear_by(const char *label, void (*change)(int fd)) {
    for (unsigned i = 0; i < sizeof special / sizeof *special; i++) {
        make_file("f", 8192, 'x');
        MUST(chmod("f", special[i] | 0666));
        AS(BOB, GUESTS) {
            int fd = MUST(open("f", O_RDWR));
            change(fd);
        }
        say("%s from %04o", label, special[i] | 0666);
        show_owner("f");
        MUST(chmod("f", special[i] | 0606));
        AS(BOB, GUESTS) {
            int fd = MUST(open("f", O_RDWR));
            change(fd);
        }
        say("%s from %04o", label, special[i] | 0606);
        show_owner("f");
        MUST(unlink("f"));
    }
    make_file("f", 8192, 'x');
    MUST(chmod("f", 06777));
    int fd = MUST(open("f", O_RDWR));
    change(fd);
    say("%s by root", label);
    show_owner("f");
}

static void by_write(int fd) { DO(write(fd, "y", 1)); }
static void by_empty_write(int fd) { DO(write(fd, "y", 0)); }
static void by_pwrite(int fd) { DO(pwrite(fd, letters(PAGE, 'y'), PAGE, PAGE)); }
static void by_truncate(int fd) { DO(ftruncate(fd, 10)); }
static void by_truncate_same(int fd) { DO(ftruncate(fd, 8192)); }
static void by_truncate_up(int fd) { DO(ftruncate(fd, 100000)); }
static void by_allocate(int fd) { DO(fallocate(fd, 0, 0, 20000)); }
static void by_punch(int fd) { DO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096)); }
static void by_path_truncate(int fd) { (void)fd; DO(truncate("f", 5)); }
static void by_open(int fd) { (void)fd; OPEN(open("f", O_WRONLY | O_TRUNC)); }
static void by_read(int fd) { char byte; DO(read(fd, &byte, 1)); }
static void by_sync(int fd) { DO(fsync(fd)); }
static void by_direct(int fd) {
    (void)fd;
    int direct = OPEN(open("f", O_WRONLY | O_DIRECT));
    DO(write(direct, letters(PAGE, 'y'), PAGE));
}
static void by_copy(int fd) {
    loff_t from = 0, to = 4096;
    DO(copy_file_range(fd, &from, fd, &to, 100, 0));
}
static void by_map(int fd) {
    char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    say("store = %s", outcome_access(poke(map, 'z')));
    DO(msync(map, PAGE, MS_SYNC));
}

CASE(set_id_cleared_by_write) { clear_by("write", by_write); }
CASE(set_id_and_empty_write) { clear_by("empty write", by_empty_write); }
CASE(set_id_cleared_by_pwrite) { clear_by("pwrite", by_pwrite); }
CASE(set_id_cleared_by_truncate) { clear_by("ftruncate", by_truncate); }
CASE(set_id_and_truncate_to_the_same) { clear_by("ftruncate to the same", by_truncate_same); }
CASE(set_id_cleared_by_truncate_up) { clear_by("ftruncate up", by_truncate_up); }
CASE(set_id_cleared_by_truncate_by_path) { clear_by("truncate", by_path_truncate); }
CASE(set_id_cleared_by_allocate) { clear_by("fallocate", by_allocate); }
CASE(set_id_cleared_by_punch) { clear_by("punch", by_punch); }
CASE(set_id_cleared_by_open) { clear_by("O_TRUNC", by_open); }
CASE(set_id_cleared_by_direct_write) { clear_by("direct write", by_direct); }
CASE(set_id_cleared_by_copy) { clear_by("copy_file_range", by_copy); }
CASE(set_id_and_map) { clear_by("store", by_map); }
CASE(set_id_kept_by_read) { clear_by("read", by_read); }
CASE(set_id_kept_by_sync) { clear_by("fsync", by_sync); }

CASE(set_id_cleared_for_the_owner_too) {
    make_text("f", "x");
    MUST(chown("f", ALICE, STAFF));
    MUST(chmod("f", 06777));
    AS(ALICE, STAFF) {
        int fd = MUST(open("f", O_RDWR));
        DO(write(fd, "y", 1));
        show_owner("f");
        DO(fchmod(fd, 06777));
        show_owner("f");
        DO(ftruncate(fd, 0));
    }
    show_owner("f");
}

CASE(set_id_second_write) {
    // The kernel may remember that there is nothing to clear, and must forget that at a chmod.
    make_text("f", "x");
    MUST(chmod("f", 0666));
    AS(ALICE, STAFF) { MUST(write(MUST(open("f", O_WRONLY)), "a", 1)); }
    show_owner("f");
    MUST(chmod("f", 04777));
    show_owner("f");
    AS(ALICE, STAFF) { MUST(write(MUST(open("f", O_WRONLY)), "b", 1)); }
    show_owner("f");
    MUST(chmod("f", 06777));
    AS(ALICE, STAFF) { MUST(write(MUST(open("f", O_WRONLY)), "c", 1)); }
    show_owner("f");
}

static const unsigned char capability[20] = {0, 0, 0, 2, 1};

static void show_capability(const char *step) {
    char value[64];
    say("%s: security.capability = %s", step, outcome(getxattr("f", "security.capability", value, sizeof value)));
}

// The mode by a statx(2) that asks for nothing else. The kernel answers this from its cached attributes if it takes the mode to be
// valid; for a stat(2), it asks the file system for the times, and gets all attributes with them.
static void show_mode_alone(const char *step) {
    struct statx got = {0};
    MUST(statx(AT_FDCWD, "f", 0, STATX_MODE, &got));
    say("%s: mode = %o", step, (unsigned)got.stx_mode);
}

CASE(mode_alone_after_changes_by_others) {
    make_file("f", 192 << 10, 'x');
    MUST(chmod("f", 02666));
    AS(BOB, GUESTS) { DO(fallocate(MUST(open("f", O_RDWR)), 0, 0, 64 << 10)); }
    show_mode_alone("fallocate");
    MUST(chmod("f", 06666));
    AS(BOB, GUESTS) { DO(fallocate(MUST(open("f", O_WRONLY)), FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 64 << 10)); }
    show_mode_alone("punch");
    MUST(chmod("f", 06777));
    AS(BOB, GUESTS) { DO(write(MUST(open("f", O_WRONLY)), "y", 1)); }
    show_mode_alone("write");
    MUST(chmod("f", 06777));
    AS(BOB, GUESTS) { DO(write(MUST(open("f", O_RDWR)), "y", 1)); }
    show_mode_alone("write to what is read as well");
    MUST(chmod("f", 06777));
    AS(BOB, GUESTS) { MUST(open("f", O_WRONLY | O_TRUNC)); }
    show_mode_alone("O_TRUNC");
    MUST(chmod("f", 06777));
    AS(BOB, GUESTS) { DO(truncate("f", 10)); }
    show_mode_alone("truncate");
    MUST(chmod("f", 02666));
    MUST(chown("f", ALICE, STAFF));
    MUST(chmod("f", 06777));
    AS(ALICE, STAFF) { DO(write(MUST(open("f", O_WRONLY | O_APPEND)), "y", 1)); }
    show_mode_alone("write by the owner");
}

CASE(capability_cleared_by_a_stream) {
    make_file("f", 8192, 'x');
    MUST(setxattr("f", "security.capability", capability, sizeof capability, 0));
    DO(write(MUST(open("f", O_WRONLY)), "y", 1));
    show_capability("write by root");
}

CASE(capability_cleared) {
    make_file("f", 8192, 'x');
    MUST(chmod("f", 0666));
    DO(setxattr("f", "security.capability", capability, sizeof capability, 0));
    show_capability("set");
    int fd = MUST(open("f", O_RDWR));
    DO(write(fd, "y", 1));
    show_capability("write by root");
    setxattr("f", "security.capability", capability, sizeof capability, 0);
    AS(BOB, GUESTS) { by_write(MUST(open("f", O_RDWR))); }
    show_capability("write by a user");
    setxattr("f", "security.capability", capability, sizeof capability, 0);
    DO(truncate("f", 100));
    show_capability("truncate by root");
    setxattr("f", "security.capability", capability, sizeof capability, 0);
    AS(BOB, GUESTS) { DO(truncate("f", 50)); }
    show_capability("truncate by a user");
    setxattr("f", "security.capability", capability, sizeof capability, 0);
    DO(chown("f", ALICE, -1));
    show_capability("chown");
    setxattr("f", "security.capability", capability, sizeof capability, 0);
    DO(chown("f", -1, -1));
    show_capability("chown to nobody new");
    setxattr("f", "security.capability", capability, sizeof capability, 0);
    DO(chmod("f", 0644));
    show_capability("chmod");
    by_map(fd);
    show_capability("store");
    DO(fallocate(fd, 0, 0, 100000));
    show_capability("fallocate");
}

CASE(program_runs_with_its_owner) {
    MUST(chmod(".", 0755));
    make_program("p", 0755);
    MUST(chown("p", ALICE, STAFF));
    MUST(chmod("p", 06755));
    AS(BOB, GUESTS) { run_program("./p", "ids"); }
    MUST(chmod("p", 0755));
    AS(BOB, GUESTS) { run_program("./p", "ids"); }
    run_program("./p", "exit");
}
