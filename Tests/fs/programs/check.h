// Counting checks: one line each, and 'N passed, N failed' at the end.
#pragma once

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { PAGE = 4096 };

static int passed, failed;

__attribute__((format(printf, 3, 4))) static inline void check(bool good, const char *name, const char *format, ...) {
    if (good) {
        passed++;
        printf("ok      %s\n", name);
        return;
    }
    failed++;
    printf("FAILED  %s: ", name);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

static inline int finish(void) {
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}

static long must(long value, const char *what) {
    if (value == -1) err(1, "%s", what);
    return value;
}
#define MUST(call) must((long)(call), #call)
