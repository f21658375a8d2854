// Names of any bytes and any length; deep paths.
#include "cases.h"

#define SUBJECT "name"

CASE(every_byte) {
    int good = 0;
    for (int byte = 1; byte < 256; byte++) {
        if (byte == '/' || byte == '.') continue;
        char name[2] = {byte, 0};
        int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
        good += fd >= 0;
        close(fd);
    }
    say("made = %d", good);
    int found = 0;
    DIR *directory = opendir(".");
    for (struct dirent *entry; (entry = readdir(directory));) found += strlen(entry->d_name) == 1 && entry->d_name[0] != '.';
    say("listed = %d", found);
    int looked = 0;
    for (int byte = 1; byte < 256; byte++) {
        char name[2] = {byte, 0};
        struct stat status;
        if (byte != '/' && byte != '.') looked += stat(name, &status) == 0;
    }
    say("found = %d", looked);
}

CASE(lengths) {
    static const int lengths[] = {1, 14, 15, 16, 31, 32, 63, 64, 127, 128, 254, 255, 256, 257, 1000};
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char name[2000];
        memset(name, 'a' + i, lengths[i]);
        name[lengths[i]] = 0;
        say("open of %d = %s", lengths[i], outcome_fd(open(name, O_CREAT | O_WRONLY, 0600)));
        say("stat of %d = %s", lengths[i], outcome(access(name, F_OK)));
    }
    show_stat(".");
}

CASE(too_long_everywhere) {
    char name[300];
    memset(name, 'n', 256);
    name[256] = 0;
    make_text("f", "x");
    char bytes[8];
    struct stat status;
    OPEN(open(name, O_RDONLY));
    OPEN(open(name, O_CREAT | O_WRONLY, 0600));
    DO(mkdir(name, 0700));
    DO(rmdir(name));
    DO(unlink(name));
    DO(link("f", name));
    DO(link(name, "g"));
    DO(symlink("x", name));
    DO(readlink(name, bytes, 8));
    DO(rename("f", name));
    DO(rename(name, "f"));
    DO(mknod(name, S_IFIFO | 0600, 0));
    DO(stat(name, &status));
    DO(chmod(name, 0600));
    DO(chown(name, 0, 0));
    DO(truncate(name, 0));
    DO(setxattr(name, "user.a", "v", 1, 0));
    DO(chdir(name));
}

CASE(too_long_in_the_middle) {
    char path[400];
    memset(path, 'n', 256);
    strcpy(path + 256, "/f");
    OPEN(open(path, O_CREAT | O_WRONLY, 0600));
    path[255] = '/';
    path[256] = 'f';
    path[257] = 0;
    OPEN(open(path, O_CREAT | O_WRONLY, 0600));
}

CASE(utf8_and_not) {
    static const char *const names[] = {"\xc3\xa4", "a\xcc\x88", "\xff\xfe", "\xc3", "A", "a", "\xe2\x82\xac", "\xef\xbc\xa1", " ", "a b", "a\nb", "-", "--", "*", "\\", "\"", "'", "...", ".hidden", "~"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) say("make %u = %s", i, outcome(mkdir(names[i], 0755)));
    show_dir(".");
}

CASE(dots) {
    DO(mkdir("...", 0755));
    DO(mkdir(".a", 0755));
    DO(mkdir("a.", 0755));
    DO(mkdir("..a", 0755));
    OPEN(open(".", O_CREAT | O_RDWR, 0600));
    OPEN(open("..", O_RDONLY));
    show_dir(".");
}

CASE(case_matters) {
    make_text("File", "upper");
    make_text("file", "lower");
    show_content("File");
    show_content("file");
    DO(unlink("FILE"));
    show_dir(".");
}

CASE(prefixes_of_one_another) {
    char name[256] = "";
    for (int i = 0; i < 255; i++) {
        name[i] = 'p';
        name[i + 1 < 256 ? i + 1 : 255] = 0;
        if (i < 254) name[i + 1] = 0;
        MUST(close(MUST(open(name, O_CREAT | O_EXCL | O_WRONLY, 0600))));
    }
    show_stat(".");
    int found = 0;
    for (int length = 255; length > 0; length--) {
        char copy[256];
        memset(copy, 'p', length);
        if (length < 256) copy[length < 255 ? length : 255] = 0;
        found += access(copy, F_OK) == 0;
    }
    say("found = %d", found);
}

CASE(deep_path) {
    char path[PATH_MAX + 100] = "";
    int depth = 0;
    while (strlen(path) + 11 < PATH_MAX) {
        strcat(path, depth ? "/directory" : "directory");
        if (mkdir(path, 0755) < 0) break;
        depth++;
    }
    say("depth = %d", depth);
    char file[PATH_MAX + 200];
    snprintf(file, sizeof file, "%s/f", path);
    make_text(file, "bottom");
    show_content(file);
    snprintf(file, sizeof file, "%s/a-name-that-is-longer", path);
    OPEN(open(file, O_CREAT | O_WRONLY, 0600));
}

CASE(deeper_than_a_path) {
    IN_CHILD {
        int depth = 0;
        for (; depth < 1000; depth++) {
            MUST(mkdir("level", 0755));
            MUST(chdir("level"));
        }
        make_text("f", "bottom");
        show_content("f");
        say("depth = %d", depth);
        char path[PATH_MAX];
        say("getcwd = %s", getcwd(path, sizeof path) ? "ok" : outcome(-1));
        int up = 0;
        for (; up < 1000; up++) MUST(chdir(".."));
        show_dir(".");
    }
}

CASE(same_hash_or_not_many) {
    // Names that differ in one place only.
    int good = 0, found = 0;
    for (int i = 0; i < 3000; i++) {
        char name[40];
        snprintf(name, sizeof name, "%04x-the-same-rest-of-it", i);
        good += mknod(name, S_IFREG | 0600, 0) == 0;
        snprintf(name, sizeof name, "the-same-start-of-it-%04x", i);
        good += mknod(name, S_IFREG | 0600, 0) == 0;
    }
    for (int i = 0; i < 3000; i++) {
        char name[40];
        struct stat status;
        snprintf(name, sizeof name, "%04x-the-same-rest-of-it", i);
        found += lstat(name, &status) == 0;
        snprintf(name, sizeof name, "%04x-the-same-rest-of-iT", i);
        found += 10000 * (lstat(name, &status) == 0);
        snprintf(name, sizeof name, "the-same-start-of-it-%04x", i);
        found += lstat(name, &status) == 0;
    }
    say("made %d found %d", good, found);
    show_stat(".");
}

CASE(negative_lookups_are_forgotten) {
    // A negative dentry must not outlive the creation of the file, however it is created.
    static const char *const ways[] = {"open", "mkdir", "link", "symlink", "rename", "mknod", "exchange"};
    make_text("f", "x");
    for (int i = 0; i < 7; i++) {
        struct stat status;
        const char *name = ways[i];
        say("%s before = %s", name, outcome(lstat(name, &status)));
        switch (i) {
        case 0: MUST(close(MUST(open(name, O_CREAT | O_WRONLY, 0600)))); break;
        case 1: MUST(mkdir(name, 0700)); break;
        case 2: MUST(link("f", name)); break;
        case 3: MUST(symlink("x", name)); break;
        case 4: MUST(rename("open", name)); break;
        case 5: MUST(mknod(name, S_IFIFO | 0600, 0)); break;
        default: MUST(flip("mknod", name, 0));
        }
        say("%s after = %s", name, outcome(lstat(name, &status)));
    }
    show_dir(".");
}
