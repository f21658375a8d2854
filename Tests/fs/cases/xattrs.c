// Extended attributes; POSIX ACLs as the attributes they are.
#include "cases.h"

#define SUBJECT "xattr"

CASE(set_and_get) {
    make_text("f", "x");
    char value[64] = "";
    DO(setxattr("f", "user.a", "hello", 5, 0));
    DO(getxattr("f", "user.a", value, sizeof value));
    say("value = %s", value);
    DO(setxattr("f", "user.a", "other value", 11, 0));
    DO(getxattr("f", "user.a", value, sizeof value));
    say("value = %s", value);
    DO(setxattr("f", "user.empty", "", 0, 0));
    DO(getxattr("f", "user.empty", value, sizeof value));
    DO(setxattr("f", "user.null", NULL, 0, 0));
    show_xattrs("f");
}

CASE(flags) {
    make_text("f", "x");
    DO(setxattr("f", "user.a", "1", 1, XATTR_REPLACE));
    DO(setxattr("f", "user.a", "2", 1, XATTR_CREATE));
    DO(setxattr("f", "user.a", "3", 1, XATTR_CREATE));
    DO(setxattr("f", "user.a", "4", 1, XATTR_REPLACE));
    DO(setxattr("f", "user.a", "5", 1, XATTR_CREATE | XATTR_REPLACE));
    DO(setxattr("f", "user.b", "5", 1, XATTR_CREATE | XATTR_REPLACE));
    DO(setxattr("f", "user.a", "6", 1, 8));
    show_xattrs("f");
}

CASE(remove) {
    make_text("f", "x");
    DO(removexattr("f", "user.a"));
    DO(setxattr("f", "user.a", "1", 1, 0));
    DO(setxattr("f", "user.b", "2", 1, 0));
    DO(removexattr("f", "user.a"));
    DO(removexattr("f", "user.a"));
    char value[8];
    DO(getxattr("f", "user.a", value, 8));
    show_xattrs("f");
}

CASE(name_spaces) {
    make_text("f", "x");
    static const char *const names[] = {"user.x", "trusted.x", "security.x", "system.x", "other.x", "x", "user.", "user", "trusted.", "security.",
        "", "USER.x", "system.posix_acl_access", "system.posix_acl_default", "security.selinux", "security.capability", "user.a.b.c", "user.\xff\x01"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        char value[64];
        say("set %u = %s", i, outcome(setxattr("f", names[i], "v", 1, 0)));
        say("get %u = %s", i, outcome(getxattr("f", names[i], value, sizeof value)));
        say("remove %u = %s", i, outcome(removexattr("f", names[i])));
    }
    show_xattrs("f");
}

static void try_name_space(const char *space) {
    char value[64], old[32], new[32];
    snprintf(old, sizeof old, "%s.old", space);
    snprintf(new, sizeof new, "%s.new", space);
    say("get %s = %s", old, outcome(getxattr("f", old, value, sizeof value)));
    say("set %s = %s", new, outcome(setxattr("f", new, "v", 1, 0)));
    say("set %s = %s", old, outcome(setxattr("f", old, "w", 1, 0)));
    say("remove %s = %s", old, outcome(removexattr("f", old)));
}

CASE(user_name_space_as_user) {
    make_text("f", "x");
    MUST(chown("f", ALICE, STAFF));
    MUST(setxattr("f", "user.old", "v", 1, 0));
    AS(ALICE, STAFF) {
        try_name_space("user");
        show_xattrs("f");
    }
}

// The kernel's security modules decide whether a user may change security.: he may in Debian's 6.1, and not in others.
CASE(name_spaces_as_user) {
    make_text("f", "x");
    MUST(chown("f", ALICE, STAFF));
    MUST(setxattr("f", "trusted.old", "v", 1, 0));
    MUST(setxattr("f", "security.old", "v", 1, 0));
    AS(ALICE, STAFF) {
        try_name_space("trusted");
        try_name_space("security");
        show_xattrs("f");
    }
    show_xattrs("f");
}

CASE(permission_by_mode) {
    make_text("f", "x");
    MUST(setxattr("f", "user.a", "v", 1, 0));
    static const mode_t modes[] = {0600, 0604, 0602, 0606};
    for (int i = 0; i < 4; i++) {
        MUST(chmod("f", modes[i]));
        AS(ALICE, STAFF) {
            char value[8];
            say("mode %04o: get = %s", modes[i], outcome(getxattr("f", "user.a", value, 8)));
            say("mode %04o: set = %s", modes[i], outcome(setxattr("f", "user.b", "v", 1, 0)));
            say("mode %04o: list = %s", modes[i], outcome(listxattr("f", NULL, 0)));
            say("mode %04o: remove = %s", modes[i], outcome(removexattr("f", "user.b")));
        }
    }
}

CASE(each_kind) {
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("user. on %s = %s", kind, outcome(lsetxattr(kind, "user.a", "v", 1, 0)));
        say("trusted. on %s = %s", kind, outcome(lsetxattr(kind, "trusted.a", "v", 1, 0)));
        say("security. on %s = %s", kind, outcome(lsetxattr(kind, "security.a", "v", 1, 0)));
        show_xattrs(kind);
    }
}

CASE(sticky_directory) {
    MUST(mkdir("d", 0755));
    MUST(chmod("d", 01777));
    AS(ALICE, STAFF) { DO(setxattr("d", "user.a", "v", 1, 0)); }
    MUST(chmod("d", 0777));
    AS(ALICE, STAFF) { DO(setxattr("d", "user.a", "v", 1, 0)); }
    show_xattrs("d");
}

CASE(sizes) {
    make_text("f", "x");
    static const size_t sizes[] = {1, 255, 256, 4095, 4096, 4097, 10000, 32768, 65535, 65536, 65537};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *value = letters(sizes[i], 'a' + i);
        static char back[70000];
        say("set %zu = %s", sizes[i], outcome(setxattr("f", "user.a", value, sizes[i], 0)));
        say("size = %s", outcome(getxattr("f", "user.a", NULL, 0)));
        ssize_t got = getxattr("f", "user.a", back, sizeof back);
        say("get = %s, first letter %c", outcome(got), back[0]);
    }
}

CASE(sizes_of_names) {
    make_text("f", "x");
    static const size_t sizes[] = {6, 100, 254, 255, 256, 300};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char name[400];
        memset(name, 'n', sizes[i]);
        memcpy(name, "user.", 5);
        name[sizes[i]] = 0;
        say("name of %zu = %s", sizes[i], outcome(setxattr("f", name, "v", 1, 0)));
    }
    show_xattrs("f");
}

CASE(small_buffers) {
    make_text("f", "x");
    MUST(setxattr("f", "user.abc", "0123456789", 10, 0));
    MUST(setxattr("f", "user.def", "0123456789", 10, 0));
    char bytes[64];
    DO(getxattr("f", "user.abc", bytes, 0));
    DO(getxattr("f", "user.abc", bytes, 9));
    DO(getxattr("f", "user.abc", bytes, 10));
    DO(listxattr("f", bytes, 0));
    DO(listxattr("f", bytes, 17));
    DO(listxattr("f", bytes, 18));
    DO(getxattr("f", "user.none", bytes, 0));
}

CASE(many) {
    make_text("f", "x");
    int good = 0;
    for (int i = 0; i < 400; i++) {
        char name[64], value[64];
        snprintf(name, sizeof name, "user.attribute-%d", i);
        snprintf(value, sizeof value, "value %d", i);
        good += setxattr("f", name, value, strlen(value), 0) == 0;
    }
    say("set = %d", good);
    DO(listxattr("f", NULL, 0));
    for (int i = 0; i < 400; i += 2) {
        char name[64];
        snprintf(name, sizeof name, "user.attribute-%d", i);
        MUST(removexattr("f", name));
    }
    DO(listxattr("f", NULL, 0));
    show_xattrs("f");
}

CASE(any_bytes) {
    make_text("f", "x");
    char value[256], back[256], name[300];
    for (int i = 0; i < 256; i++) value[i] = i;
    DO(setxattr("f", "user.a", value, 256, 0));
    DO(getxattr("f", "user.a", back, 256));
    say("same = %d", !memcmp(value, back, 256));
    memcpy(name, "user.", 5);
    for (int i = 0; i < 250; i++) name[5 + i] = i + 1;
    name[255] = 0;
    DO(setxattr("f", name, "v", 1, 0));
    DO(getxattr("f", name, back, 256));
    char list[300];
    DO(listxattr("f", list, sizeof list));
}

CASE(bad_paths) {
    char value[8];
    make_text("f", "x");
    MUST(symlink("nowhere", "l"));
    DO(setxattr("missing", "user.a", "v", 1, 0));
    DO(getxattr("missing", "user.a", value, 8));
    DO(listxattr("missing", value, 8));
    DO(removexattr("missing", "user.a"));
    DO(setxattr("l", "user.a", "v", 1, 0));
    DO(setxattr("f/x", "user.a", "v", 1, 0));
    DO(fsetxattr(9999, "user.a", "v", 1, 0));
    DO(getxattr("f", "user.none", value, 8));
}

CASE(through_links) {
    make_text("f", "x");
    MUST(symlink("f", "l"));
    MUST(link("f", "g"));
    DO(setxattr("l", "user.a", "v", 1, 0));
    show_xattrs("f");
    show_xattrs("g");
    show_xattrs("l");
    MUST(rename("f", "h"));
    show_xattrs("h");
    MUST(unlink("h"));
    show_xattrs("g");
}

CASE(by_descriptor) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0600));
    char value[8], list[64];
    DO(fsetxattr(fd, "user.a", "v", 1, 0));
    DO(fgetxattr(fd, "user.a", value, 8));
    DO(flistxattr(fd, list, sizeof list));
    int reader = MUST(open("f", O_RDONLY));
    DO(fsetxattr(reader, "user.b", "v", 1, 0));
    DO(fremovexattr(reader, "user.a"));
    show_xattrs("f");
}

CASE(go_with_the_file) {
    make_text("f", "x");
    MUST(setxattr("f", "user.a", "v", 1, 0));
    MUST(unlink("f"));
    make_text("f", "x");
    show_xattrs("f");
}

CASE(of_user_take_no_blocks) {
    make_text("f", "x");
    struct statfs before, after;
    MUST(statfs(".", &before));
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "trusted.%d", i);
        MUST(setxattr("f", name, letters(4000, 'a'), 4000, 0));
    }
    MUST(statfs(".", &after));
    show_stat("f");
    say("blocks taken = %ld", (long)(before.f_bfree - after.f_bfree));
}

// ---- ACLs: struct posix_acl_xattr_header (version 2) and entries of tag, permissions, id; little endian.

struct acl {
    uint32_t version;
    struct {
        uint16_t tag, permissions;
        uint32_t id;
    } entries[16];
};

enum { OWNER = 1, USER = 2, GROUP = 4, NAMED_GROUP = 8, MASK = 16, OTHER = 32, NOBODY = -1 };
#define ENTRY(tag, permissions, id) {tag, permissions, (uint32_t)(id)}
#define ACL(...) ((struct acl){2, {__VA_ARGS__}})

static size_t acl_size(const struct acl *acl) {
    size_t count = 0;
    while (count < 16 && acl->entries[count].tag) count++;
    return 4 + 8 * count;
}

static int set_acl(const char *path, const char *kind, struct acl acl) {
    char name[40];
    snprintf(name, sizeof name, "system.posix_acl_%s", kind);
    return setxattr(path, name, &acl, acl_size(&acl), 0);
}

static void show_acl(const char *path, const char *kind) {
    char name[40], line[600] = "";
    struct acl acl;
    snprintf(name, sizeof name, "system.posix_acl_%s", kind);
    ssize_t size = getxattr(path, name, &acl, sizeof acl);
    if (size < 0) {
        say("%s acl of %s = %s", kind, path, outcome(-1));
        return;
    }
    int at = 0;
    for (int i = 0; i < (size - 4) / 8; i++) {
        at += snprintf(line + at, 40, " %u:%o", acl.entries[i].tag, acl.entries[i].permissions);
        if (acl.entries[i].id != (uint32_t)-1) at += snprintf(line + at, 20, "(%u)", acl.entries[i].id);
    }
    say("%s acl of %s =%s", kind, path, line);
}

static const struct acl minimal = {2, {ENTRY(OWNER, 6, NOBODY), ENTRY(GROUP, 4, NOBODY), ENTRY(OTHER, 4, NOBODY)}};
static const struct acl with_alice = {2, {ENTRY(OWNER, 7, NOBODY), ENTRY(USER, 6, ALICE), ENTRY(GROUP, 5, NOBODY), ENTRY(MASK, 7, NOBODY), ENTRY(OTHER, 0, NOBODY)}};

CASE(acl_minimal) {
    make_text("f", "x");
    DO(set_acl("f", "access", minimal));
    show_acl("f", "access");
    show_mode("f");
    DO(set_acl("f", "access", ACL(ENTRY(OWNER, 7, NOBODY), ENTRY(GROUP, 1, NOBODY), ENTRY(OTHER, 2, NOBODY))));
    show_mode("f");
    show_acl("f", "access");
    show_xattrs("f");
}

CASE(acl_extended) {
    make_text("f", "x");
    DO(set_acl("f", "access", with_alice));
    show_acl("f", "access");
    show_mode("f");
    show_xattrs("f");
    DO(chmod("f", 0640));
    show_acl("f", "access");
    show_mode("f");
    DO(chmod("f", 0771));
    show_acl("f", "access");
    DO(removexattr("f", "system.posix_acl_access"));
    show_acl("f", "access");
    show_mode("f");
    DO(removexattr("f", "system.posix_acl_access"));
}

CASE(acl_decides) {
    make_text("f", "data");
    DO(set_acl("f", "access", with_alice));
    AS(ALICE, GUESTS) {
        OPEN(open("f", O_RDONLY));
        OPEN(open("f", O_RDWR));
        DO(access("f", X_OK));
    }
    AS(BOB, GUESTS) {
        OPEN(open("f", O_RDONLY));
        DO(access("f", F_OK));
    }
    DO(chmod("f", 0700));
    AS(ALICE, GUESTS) { OPEN(open("f", O_RDONLY)); }
    DO(set_acl("f", "access", ACL(ENTRY(OWNER, 7, NOBODY), ENTRY(GROUP, 0, NOBODY), ENTRY(NAMED_GROUP, 4, GUESTS), ENTRY(MASK, 7, NOBODY), ENTRY(OTHER, 0, NOBODY))));
    AS(BOB, GUESTS) {
        OPEN(open("f", O_RDONLY));
        OPEN(open("f", O_WRONLY));
    }
    AS(BOB, STAFF) { OPEN(open("f", O_RDONLY)); }
    AS_MEMBER(BOB, STAFF, GUESTS) { OPEN(open("f", O_RDONLY)); }
}

CASE(acl_default_is_inherited) {
    MUST(mkdir("d", 0755));
    DO(set_acl("d", "default", with_alice));
    show_acl("d", "default");
    show_acl("d", "access");
    show_mode("d");
    umask(022);
    MUST(close(MUST(open("d/f", O_CREAT | O_WRONLY, 0666))));
    show_acl("d/f", "access");
    show_acl("d/f", "default");
    show_mode("d/f");
    MUST(mkdir("d/e", 0777));
    show_acl("d/e", "access");
    show_acl("d/e", "default");
    show_mode("d/e");
    MUST(mkdir("d/e/deeper", 0700));
    show_acl("d/e/deeper", "access");
    show_acl("d/e/deeper", "default");
    MUST(mknod("d/p", S_IFIFO | 0640, 0));
    show_acl("d/p", "access");
    show_mode("d/p");
    MUST(symlink("x", "d/l"));
    show_stat("d/l");
    MUST(link("d/f", "d/g"));
    show_acl("d/g", "access");
}

CASE(acl_default_replaces_the_umask) {
    MUST(mkdir("d", 0755));
    DO(set_acl("d", "default", ACL(ENTRY(OWNER, 7, NOBODY), ENTRY(GROUP, 7, NOBODY), ENTRY(OTHER, 5, NOBODY))));
    umask(077);
    MUST(close(MUST(open("d/f", O_CREAT | O_WRONLY, 0666))));
    MUST(mkdir("d/e", 0777));
    MUST(mknod("d/p", S_IFIFO | 0666, 0));
    show_mode("d/f");
    show_mode("d/e");
    show_mode("d/p");
    show_acl("d/f", "access");
    show_acl("d/e", "access");
    show_acl("d/e", "default");
    MUST(close(MUST(open("plain", O_CREAT | O_WRONLY, 0666))));
    show_mode("plain");
}

CASE(acl_default_removed) {
    MUST(mkdir("d", 0755));
    MUST(set_acl("d", "default", with_alice));
    DO(removexattr("d", "system.posix_acl_default"));
    show_acl("d", "default");
    MUST(close(MUST(open("d/f", O_CREAT | O_WRONLY, 0666))));
    show_mode("d/f");
    show_acl("d/f", "access");
    DO(set_acl("d", "default", (struct acl){.version = 2}));
    show_acl("d", "default");
}

CASE(acl_invalid) {
    make_text("f", "x");
    MUST(mkdir("d", 0755));
    struct acl acl = minimal;
    DO(setxattr("f", "system.posix_acl_access", "x", 1, 0));
    DO(setxattr("f", "system.posix_acl_access", &acl, 27, 0));
    acl.version = 1;
    DO(set_acl("f", "access", acl));
    DO(set_acl("f", "access", ACL(ENTRY(OWNER, 6, NOBODY))));
    DO(set_acl("f", "access", ACL(ENTRY(OWNER, 6, NOBODY), ENTRY(USER, 6, ALICE), ENTRY(GROUP, 4, NOBODY), ENTRY(OTHER, 4, NOBODY))));
    DO(set_acl("f", "access", ACL(ENTRY(GROUP, 6, NOBODY), ENTRY(OWNER, 4, NOBODY), ENTRY(OTHER, 4, NOBODY))));
    DO(set_acl("f", "access", ACL(ENTRY(OWNER, 15, NOBODY), ENTRY(GROUP, 4, NOBODY), ENTRY(OTHER, 4, NOBODY))));
    DO(set_acl("f", "access", ACL(ENTRY(64, 6, NOBODY), ENTRY(GROUP, 4, NOBODY), ENTRY(OTHER, 4, NOBODY))));
    DO(set_acl("f", "default", minimal));
    DO(set_acl("d", "default", ACL(ENTRY(OWNER, 6, NOBODY))));
    show_xattrs("f");
    show_xattrs("d");
    show_mode("f");
}

CASE(acl_by_another) {
    make_text("f", "x");
    MUST(chmod("f", 0666));
    AS(ALICE, STAFF) {
        DO(set_acl("f", "access", minimal));
        show_acl("f", "access");
    }
    MUST(chown("f", ALICE, STAFF));
    AS(ALICE, STAFF) {
        DO(set_acl("f", "access", with_alice));
        show_acl("f", "access");
    }
    AS(BOB, STAFF) { DO(removexattr("f", "system.posix_acl_access")); }
    show_acl("f", "access");
}

CASE(acl_clears_set_group_id) {
    make_text("f", "x");
    MUST(chown("f", ALICE, GUESTS));
    MUST(chmod("f", 02755));
    AS(ALICE, STAFF) { DO(set_acl("f", "access", with_alice)); }
    show_owner("f");
    MUST(chmod("f", 06755));
    DO(set_acl("f", "access", with_alice));
    show_owner("f");
}

CASE(acl_default_and_set_group_id) {
    MUST(mkdir("d", 0755));
    MUST(chown("d", 0, GUESTS));
    MUST(chmod("d", 02775));
    MUST(set_acl("d", "default", with_alice));
    MUST(close(MUST(open("d/f", O_CREAT | O_WRONLY, 02770))));
    MUST(mkdir("d/e", 0770));
    show_owner("d/f");
    show_owner("d/e");
    show_acl("d/f", "access");
}

CASE(acl_each_kind) {
    EACH_KIND(kind) {
        make_kind(kind, kind);
        struct acl acl = with_alice;
        say("access acl on %s = %s", kind, outcome(lsetxattr(kind, "system.posix_acl_access", &acl, acl_size(&acl), 0)));
        say("default acl on %s = %s", kind, outcome(lsetxattr(kind, "system.posix_acl_default", &acl, acl_size(&acl), 0)));
        show_mode(kind);
    }
}

CASE(acl_of_many_entries) {
    make_text("f", "x");
    static struct {
        uint32_t version;
        struct {
            uint16_t tag, permissions;
            uint32_t id;
        } entries[600];
    } big = {.version = 2};
    int count = 0;
    big.entries[count].tag = OWNER, big.entries[count].permissions = 7, big.entries[count++].id = NOBODY;
    for (int i = 0; i < 500; i++) big.entries[count].tag = USER, big.entries[count].permissions = i & 7, big.entries[count++].id = 70000 + i;
    big.entries[count].tag = GROUP, big.entries[count].permissions = 5, big.entries[count++].id = NOBODY;
    big.entries[count].tag = MASK, big.entries[count].permissions = 7, big.entries[count++].id = NOBODY;
    big.entries[count].tag = OTHER, big.entries[count].permissions = 0, big.entries[count++].id = NOBODY;
    DO(setxattr("f", "system.posix_acl_access", &big, 4 + 8 * count, 0));
    static char back[8000];
    DO(getxattr("f", "system.posix_acl_access", back, sizeof back));
    say("same = %d", !memcmp(back, &big, 4 + 8 * count));
    DO(chmod("f", 0700));
    DO(getxattr("f", "system.posix_acl_access", back, sizeof back));
}
