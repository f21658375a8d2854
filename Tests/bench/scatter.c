/* scatter: leaves a file system with holes of one page.
 *
 * Usage: scatter DIR COUNT
 *
 * Makes COUNT files of 4 KiB in DIR, and removes every second one.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    static char page[4096], name[32];
    if (argc != 3) errx(2, "usage: scatter DIR COUNT");
    const int count = atoi(argv[2]);
    if (chdir(argv[1]) != 0) err(1, "%s", argv[1]);
    memset(page, 'x', sizeof page);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%d", i);
        const int file = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
        if (file < 0 || write(file, page, sizeof page) != (ssize_t)sizeof page) err(1, "%s", name);
        close(file);
    }
    for (int i = 0; i < count; i += 2) {
        snprintf(name, sizeof name, "%d", i);
        if (unlink(name) != 0) err(1, "%s", name);
    }
}
