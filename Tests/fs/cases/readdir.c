// Reading directories: completeness, offsets, entries that come and go.
#include "cases.h"

#define SUBJECT "readdir"

static char *numbered(int number) {
    static char name[32];
    snprintf(name, sizeof name, "entry-%05d", number);
    return name;
}

static void make_entries(int from, int to) {
    for (int i = from; i < to; i++) MUST(mknod(numbered(i), S_IFREG | 0644, 0));
}

static int number_of(const char *name) {
    int number;
    return sscanf(name, "entry-%d", &number) == 1 ? number : -1;
}

CASE(empty) {
    MUST(mkdir("d", 0755));
    show_dir("d");
    DIR *directory = opendir("d");
    int count = 0;
    while (readdir(directory)) count++;
    say("again at the end = %d", readdir(directory) != NULL);
    say("entries with dots = %d", count);
}

CASE(each_kind) {
    EACH_KIND(kind) make_kind(kind, kind);
    show_dir(".");
}

CASE(dots_come_first) {
    make_entries(0, 5);
    DIR *directory = opendir(".");
    say("first = %s", readdir(directory)->d_name);
    say("second = %s", readdir(directory)->d_name);
}

CASE(inode_numbers_agree) {
    EACH_KIND(kind) make_kind(kind, kind);
    DIR *directory = opendir(".");
    int good = 0, bad = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct stat status;
        MUST(fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW));
        if (status.st_ino == entry->d_ino) good++;
        else bad++;
    }
    say("d_ino is st_ino: %d, is not: %d", good, bad);
}

// Counts how often each numbered entry is seen, reading from where the stream stands.
static void count_rest(DIR *directory, int *seen, int limit) {
    for (struct dirent *entry; (entry = readdir(directory));) {
        int number = number_of(entry->d_name);
        if (number >= 0 && number < limit) seen[number]++;
    }
}

static void say_counts(const char *label, const int *seen, int from, int to) {
    int none = 0, once = 0, more = 0;
    for (int i = from; i < to; i++) {
        if (seen[i] == 0) none++;
        else if (seen[i] == 1) once++;
        else more++;
    }
    say("%s: once %d, never %d, more than once %d", label, once, none, more);
}

CASE(five_thousand) {
    make_entries(0, 5000);
    static int seen[5000];
    count_rest(opendir("."), seen, 5000);
    say_counts("all", seen, 0, 5000);
    show_stat(".");
}

CASE(long_names) {
    for (int i = 0; i < 600; i++) {
        char name[300];
        memset(name, 'n', 255);
        name[255] = 0;
        name[snprintf(name, 20, "entry-%05d", i)] = '-';
        MUST(mknod(name, S_IFREG | 0644, 0));
    }
    static int seen[600];
    count_rest(opendir("."), seen, 600);
    say_counts("all", seen, 0, 600);
}

CASE(small_buffers) {
    make_entries(0, 300);
    static const int sizes[] = {24, 32, 40, 48, 64, 100, 280, 1000, 4096, 65536, 1 << 20};
    for (unsigned s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int fd = MUST(open(".", O_RDONLY | O_DIRECTORY)), seen[300] = {0};
        char *buffer = malloc(sizes[s]);
        long count;
        while ((count = syscall(SYS_getdents64, fd, buffer, sizes[s])) > 0)
            for (long at = 0; at < count;) {
                struct dirent64 *entry = (struct dirent64 *)(buffer + at);
                int number = number_of(entry->d_name);
                if (number >= 0) seen[number]++;
                at += entry->d_reclen;
            }
        char label[64];
        snprintf(label, sizeof label, "buffer of %d ends with %s", sizes[s], outcome(count));
        say_counts(label, seen, 0, 300);
        free(buffer);
        MUST(close(fd));
    }
}

CASE(removed_while_reading) {
    make_entries(0, 2000);
    DIR *directory = opendir(".");
    static int seen[2000];
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        int number = number_of(entry->d_name);
        if (number < 0) continue;
        seen[number]++;
        MUST(unlink(entry->d_name));
        count++;
    }
    say("seen and removed = %d", count);
    say_counts("all", seen, 0, 2000);
    show_dir(".");
}

CASE(others_removed_while_reading) {
    make_entries(0, 2000);
    DIR *directory = opendir(".");
    static int seen[2000];
    for (int i = 0; i < 500; i++) {
        int number = number_of(readdir(directory)->d_name);
        if (number >= 0) seen[number]++;
    }
    for (int i = 0; i < 2000; i += 2) MUST(unlink(numbered(i)));
    count_rest(directory, seen, 2000);
    int lost = 0, twice = 0;
    for (int i = 1; i < 2000; i += 2) {
        lost += seen[i] == 0;
        twice += seen[i] > 1;
    }
    say("of those that stayed: lost %d, twice %d", lost, twice);
}

CASE(made_while_reading) {
    make_entries(0, 1000);
    DIR *directory = opendir(".");
    static int seen[3000];
    int step = 0;
    for (struct dirent *entry; (entry = readdir(directory)) && step < 10000; step++) {
        int number = number_of(entry->d_name);
        if (number >= 0) seen[number]++;
        if (step < 2000) MUST(mknod(numbered(1000 + step), S_IFREG | 0644, 0));
    }
    say_counts("there from the start", seen, 0, 1000);
    int twice = 0;
    for (int i = 1000; i < 3000; i++) twice += seen[i] > 1;
    say("of the new: twice %d, the loop ended %d", twice, step < 10000);
}

CASE(replaced_while_reading) {
    // Every entry is removed and made again. The new entry may be seen, too, but the loop has to end.
    make_entries(0, 500);
    DIR *directory = opendir(".");
    int step = 0;
    static int seen[500];
    for (struct dirent *entry; (entry = readdir(directory)) && step < 5000; step++) {
        int number = number_of(entry->d_name);
        if (number < 0) continue;
        seen[number]++;
        MUST(unlink(numbered(number)));
        MUST(mknod(numbered(number), S_IFREG | 0644, 0));
    }
    int never = 0;
    for (int i = 0; i < 500; i++) never += seen[i] == 0;
    say("never seen = %d, the loop ended %d", never, step < 5000);
}

CASE(renamed_while_reading) {
    make_entries(0, 1000);
    for (int i = 0; i < 1000; i++) {
        char name[32];
        snprintf(name, sizeof name, "stays-%d", i);
        MUST(mknod(name, S_IFREG | 0644, 0));
    }
    DIR *directory = opendir(".");
    static int seen[1000];
    int stays = 0, moved = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        // At least once: some kernels' tmpfs shows them again when others are renamed.
        if (!strncmp(entry->d_name, "stays", 5)) stays += !seen[atoi(entry->d_name + 6)]++;
        if (moved < 1000) {
            char name[32];
            snprintf(name, sizeof name, "moved-%d", moved);
            MUST(rename(numbered(moved++), name));
        }
    }
    say("of those that stayed seen = %d", stays);
}

CASE(rewind) {
    make_entries(0, 1000);
    DIR *directory = opendir(".");
    int seen[1500] = {0};
    count_rest(directory, seen, 1500);
    say_counts("first", seen, 0, 1000);
    make_entries(1000, 1500);
    for (int i = 0; i < 100; i++) MUST(unlink(numbered(i)));
    rewinddir(directory);
    memset(seen, 0, sizeof seen);
    count_rest(directory, seen, 1500);
    say_counts("after the rewind", seen, 100, 1500);
    say_counts("removed", seen, 0, 100);
}

CASE(rewind_in_the_middle) {
    make_entries(0, 3000);
    DIR *directory = opendir(".");
    static int seen[3000];
    for (int i = 0; i < 1234; i++) MUST(readdir(directory) ? 0 : -1);
    rewinddir(directory);
    count_rest(directory, seen, 3000);
    say_counts("all", seen, 0, 3000);
}

CASE(tell_and_seek) {
    make_entries(0, 1000);
    DIR *directory = opendir(".");
    static char names[1002][32];
    static long places[1002];
    int count = 0;
    for (;; count++) {
        places[count < 1002 ? count : 1001] = telldir(directory);
        struct dirent *entry = readdir(directory);
        if (!entry || count >= 1002) break;
        snprintf(names[count], sizeof names[count], "%.31s", entry->d_name);
    }
    say("entries = %d", count);
    int wrong = 0;
    for (int i = count - 1; i >= 0; i -= 7) {
        seekdir(directory, places[i]);
        struct dirent *entry = readdir(directory);
        wrong += !entry || strcmp(entry->d_name, names[i]);
    }
    for (int i = 0; i < count; i += 13) {
        seekdir(directory, places[i]);
        struct dirent *entry = readdir(directory);
        wrong += !entry || strcmp(entry->d_name, names[i]);
    }
    say("wrong after seekdir = %d", wrong);
}

CASE(seek_after_changes) {
    make_entries(0, 1000);
    DIR *directory = opendir(".");
    static int before[2000], after[2000];
    for (int i = 0; i < 502; i++) {
        struct dirent *entry = readdir(directory);
        int number = entry ? number_of(entry->d_name) : -1;
        if (number >= 0) before[number]++;
    }
    long place = telldir(directory);
    int removed = 0;
    for (int i = 0; i < 1000 && removed < 200; i++)
        if (before[i]) {
            MUST(unlink(numbered(i)));
            removed++;
        }
    make_entries(1000, 1200);
    seekdir(directory, place);
    count_rest(directory, after, 2000);
    int lost = 0, twice = 0;
    for (int i = 0; i < 1000; i++) {
        lost += before[i] + after[i] == 0;
        twice += before[i] + after[i] > 1;
    }
    say("lost %d, twice %d", lost, twice);
}

CASE(two_streams) {
    make_entries(0, 1500);
    DIR *a = opendir("."), *b = opendir(".");
    static int seen_a[1500], seen_b[1500];
    for (;;) {
        struct dirent *x = readdir(a), *y = readdir(b);
        if (x && number_of(x->d_name) >= 0) seen_a[number_of(x->d_name)]++;
        if (y && number_of(y->d_name) >= 0) seen_b[number_of(y->d_name)]++;
        if (!x && !y) break;
    }
    say_counts("first", seen_a, 0, 1500);
    say_counts("second", seen_b, 0, 1500);
}

CASE(descriptor_seek) {
    make_entries(0, 10);
    int fd = MUST(open(".", O_RDONLY));
    char buffer[4096];
    say("getdents gives entries = %d", syscall(SYS_getdents64, fd, buffer, sizeof buffer) > 0);
    DO(syscall(SYS_getdents64, fd, buffer, sizeof buffer));
    DO(lseek(fd, 0, SEEK_SET));
    say("getdents gives entries = %d", syscall(SYS_getdents64, fd, buffer, sizeof buffer) > 0);
    DO(lseek(fd, 0, SEEK_SET));
    DO(syscall(SYS_getdents64, fd, buffer, 5));
    DO(syscall(SYS_getdents64, fd, (void *)1, 4096));
    make_text("f", "x");
    DO(syscall(SYS_getdents64, MUST(open("f", O_RDONLY)), buffer, sizeof buffer));
}

CASE(of_removed_directory) {
    MUST(mkdir("d", 0755));
    make_text("d/f", "x");
    DIR *directory = opendir("d");
    MUST(unlink("d/f"));
    MUST(rmdir("d"));
    errno = 0;
    int count = 0;
    while (readdir(directory)) count++;
    say("entries = %d, %s", count, outcome(errno ? -1 : 0));
}

CASE(sees_changes_at_once) {
    for (int i = 0; i < 20; i++) {
        make_entries(i, i + 1);
        if (i % 3 == 2) MUST(unlink(numbered(i - 1)));
        int seen[20] = {0}, count = 0;
        DIR *directory = opendir(".");
        count_rest(directory, seen, 20);
        closedir(directory);
        for (int n = 0; n < 20; n++) count += seen[n];
        say("after %d: %d entries", i, count);
    }
}

CASE(name_made_again_as_another_kind) {
    make_entries(0, 3);
    show_dir(".");
    MUST(unlink(numbered(1)));
    MUST(mkdir(numbered(1), 0755));
    show_dir(".");
    show_stat(numbered(1));
    MUST(rmdir(numbered(1)));
    MUST(symlink("x", numbered(1)));
    show_dir(".");
    show_stat(numbered(1));
}

CASE(without_permission) {
    MUST(mkdir("d", 0755));
    make_text("d/f", "x");
    MUST(chmod("d", 0711));
    AS(ALICE, STAFF) {
        show_dir("d");
        show_content("d/f");
    }
    MUST(chmod("d", 0744));
    AS(ALICE, STAFF) {
        show_dir("d");
        show_content("d/f");
    }
}
