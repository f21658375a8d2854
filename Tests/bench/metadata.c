// Times a directory as it grows: creating, looking up, listing and removing entries, in equal steps.
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char manual[] =
    "metadata: times a directory as it grows\n"
    "\n"
    "usage: metadata DIR ENTRIES STEPS [--keep]\n"
    "\n"
    "Prints a line for each step: the number of entries so far, and the nanoseconds per entry of create,\n"
    "of lookup (a name that the kernel does not know yet) and of list (the whole directory). The last\n"
    "line is 'remove NS'. Each entry has a name of 20 bytes and a block of data. --keep leaves them there.\n";

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static void name_of(char *name, int number) { sprintf(name, "entry-%014d", number); }

static void create(int first, int count) {
    char name[32];
    for (int i = first; i < first + count; i++) {
        name_of(name, i);
        int file = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
        if (file < 0 || write(file, "x", 1) != 1 || close(file) < 0) err(1, "%s", name);
    }
}

// Looks up new names that do not exist: the kernel's caches can't answer for them.
static void look_up(int first, int count) {
    struct stat status;
    char name[32];
    for (int i = first; i < first + count; i++) {
        name_of(name, i);
        name[0] = 'E';
        if (stat(name, &status) == 0) errx(1, "%s is there", name);
    }
}

static int list(void) {
    int count = 0;
    DIR *directory = opendir(".");
    if (!directory) err(1, "opendir");
    while (readdir(directory)) count++;
    closedir(directory);
    return count - 2;
}

static void remove_all(int count) {
    char name[32];
    for (int i = 0; i < count; i++) {
        name_of(name, i);
        if (unlink(name) < 0) err(1, "%s", name);
    }
}

int main(int count, char **words) {
    if (count < 4) {
        fputs(manual, stderr);
        return 2;
    }
    int entries = atoi(words[2]), steps = atoi(words[3]), each = entries / steps;
    if (chdir(words[1]) < 0) err(1, "%s", words[1]);
    for (int step = 0; step < steps; step++) {
        double start = now();
        create(step * each, each);
        double created = now();
        look_up(step * each, each);
        double looked_up = now();
        int listed = list();
        double end = now();
        if (listed != (step + 1) * each) errx(1, "%d entries are listed, %d are there", listed, (step + 1) * each);
        printf("%d %.0f %.0f %.0f\n", listed, (created - start) / each, (looked_up - created) / each, (end - looked_up) / listed);
    }
    if (count > 4 && !strcmp(words[4], "--keep")) return 0;
    double start = now();
    remove_all(steps * each);
    printf("remove %.0f\n", (now() - start) / (steps * each));
    return 0;
}
