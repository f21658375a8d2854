// truncate(2), sparse files, lseek(2) with SEEK_DATA and SEEK_HOLE, fallocate(2).
#include "cases.h"
#include <sys/resource.h>

#define SUBJECT "size"

CASE(truncate_down) {
    make_file("f", 10000, 'a');
    static const off_t sizes[] = {9999, 8193, 8192, 8191, 4097, 4096, 4095, 1, 0};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        say("truncate to %lld = %s", (long long)sizes[i], outcome(truncate("f", sizes[i])));
        show_stat("f");
        show_content("f");
    }
}

CASE(truncate_up) {
    make_file("f", 10, 'a');
    static const off_t sizes[] = {11, 4095, 4096, 4097, 8192, 100000, 1 << 20};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        say("truncate to %lld = %s", (long long)sizes[i], outcome(truncate("f", sizes[i])));
        show_stat("f");
        show_content("f");
        show_extents("f");
    }
}

CASE(truncate_down_then_up) {
    for (off_t cut = 0; cut <= 8192; cut += 1365) {
        make_file("f", 8192, 'a');
        MUST(truncate("f", cut));
        MUST(truncate("f", 8192));
        say("cut at %lld", (long long)cut);
        show_content("f");
        show_stat("f");
        MUST(unlink("f"));
    }
}

CASE(truncate_then_write_beyond) {
    make_file("f", 4096, 'a');
    MUST(truncate("f", 100));
    int fd = MUST(open("f", O_RDWR));
    DO(pwrite(fd, "z", 1, 300));
    show_content("f");
    DO(ftruncate(fd, 50));
    DO(pwrite(fd, "y", 1, 5000));
    show_content("f");
    show_stat("f");
}

CASE(truncate_bad) {
    make_file("f", 10, 'a');
    MUST(mkdir("d", 0755));
    DO(truncate("f", -1));
    DO(truncate("d", 0));
    DO(truncate("missing", 0));
    DO(truncate("f/x", 0));
    DO(truncate("", 0));
    DO(ftruncate(MUST(open("f", O_RDONLY)), 0));
    DO(ftruncate(9999, 0));
    show_stat("f");
}

CASE(truncate_huge) {
    make_text("f", "x");
    static const off_t sizes[] = {1LL << 31, 1LL << 32, 1LL << 40, 1LL << 45, (1LL << 62), INT64_MAX - 4096, INT64_MAX - 1, INT64_MAX};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        say("truncate to %lld = %s", (long long)sizes[i], outcome(truncate("f", sizes[i])));
        show_stat("f");
    }
    DO(truncate("f", 3));
    show_content("f");
}

CASE(truncate_by_permission) {
    make_file("f", 10, 'a');
    MUST(chmod("f", 0444));
    AS(ALICE, STAFF) { DO(truncate("f", 1)); }
    MUST(chmod("f", 0222));
    AS(ALICE, STAFF) { DO(truncate("f", 2)); }
    show_stat("f");
}

CASE(write_at_offsets) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    static const off_t offsets[] = {0, 5, 4090, 4095, 4096, 8191, 20000, 65535, 65536, 131071, 500000};
    for (unsigned i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        say("pwrite at %lld = %s", (long long)offsets[i], outcome(pwrite(fd, letters(10, 'a' + i), 10, offsets[i])));
        show_fstat("f", fd);
    }
    show_content("f");
    show_extents("f");
}

CASE(write_far_away) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    static const off_t offsets[] = {(1LL << 31) - 1, 1LL << 31, (1LL << 32) - 1, 1LL << 32, 1LL << 40, 1LL << 44};
    for (unsigned i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        char back[2] = "..";
        say("pwrite at %lld = %s", (long long)offsets[i], outcome(pwrite(fd, "ab", 2, offsets[i])));
        say("pread = %s", outcome(pread(fd, back, 2, offsets[i])));
        say("read %c%c", back[0], back[1]);
        show_fstat("f", fd);
    }
    show_extents("f");
    DO(ftruncate(fd, 1LL << 31));
    show_extents("f");
    show_fstat("f", fd);
}

CASE(write_at_the_limit) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    DO(pwrite(fd, "ab", 2, INT64_MAX));
    DO(pwrite(fd, "ab", 2, INT64_MAX - 1));
    DO(pwrite(fd, "ab", 2, -1));
    DO(lseek(fd, INT64_MAX, SEEK_SET));
    DO(write(fd, "a", 1));
    DO(lseek(fd, INT64_MAX - 1, SEEK_SET));
    char byte;
    DO(read(fd, &byte, 1));
    show_fstat("f", fd);
}

CASE(write_of_nothing) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    DO(write(fd, "", 0));
    DO(pwrite(fd, "", 0, 1000));
    show_fstat("f", fd);
}

CASE(write_bad_memory) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(pages, 'm', PAGE);
    MUST(munmap(pages + PAGE, PAGE));
    char *bad = pages + PAGE;
    DO(write(fd, bad, 10));
    show_fstat("f", fd);
    MUST(ftruncate(fd, 100));
    DO(pread(fd, bad, 10, 0));
    show_fstat("f", fd);
}

CASE(vectors) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    struct iovec parts[5] = {{letters(10, 'a'), 10}, {NULL, 0}, {letters(5000, 'b'), 5000}, {"", 0}, {letters(3, 'c'), 3}};
    DO(writev(fd, parts, 5));
    DO(pwritev(fd, parts, 5, 4090));
    show_content("f");
    char first[7], second[6000];
    struct iovec into[2] = {{first, 7}, {second, 6000}};
    DO(preadv(fd, into, 2, 0));
    DO(preadv(fd, into, 2, 9000));
    DO(preadv(fd, into, 2, 20000));
    show_bytes("first", first, 7);
    DO(pwritev2(fd, parts, 1, -1, RWF_APPEND));
    DO(pwritev2(fd, parts, 1, 0, RWF_SYNC));
    DO(preadv2(fd, into, 1, 0, RWF_HIPRI));
    show_fstat("f", fd);
}

CASE(big_transfers) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    size_t size = 5 * 1024 * 1024 + 123;
    char *data = malloc(size), *back = malloc(size + 10);
    for (size_t i = 0; i < size; i++) data[i] = i * 7 + i / 4096;
    DO(write(fd, data, size));
    DO(pread(fd, back, size + 10, 0));
    say("same = %d", !memcmp(data, back, size));
    DO(pwrite(fd, data, size, 1001));
    DO(pread(fd, back, size, 1001));
    say("same = %d", !memcmp(data, back, size));
    show_fstat("f", fd);
}

CASE(read_at_the_end) {
    make_file("f", 5000, 'a');
    int fd = MUST(open("f", O_RDONLY));
    char bytes[8192];
    DO(pread(fd, bytes, 8192, 0));
    DO(pread(fd, bytes, 8192, 4999));
    DO(pread(fd, bytes, 8192, 5000));
    DO(pread(fd, bytes, 8192, 5001));
    DO(pread(fd, bytes, 8192, 1 << 30));
    DO(pread(fd, bytes, 10, -1));
    DO(pread(fd, bytes, 0, 0));
    DO(lseek(fd, 0, SEEK_END));
    DO(read(fd, bytes, 1));
}

CASE(seek) {
    make_file("f", 5000, 'a');
    int fd = MUST(open("f", O_RDWR));
    DO(lseek(fd, 10, SEEK_SET));
    DO(lseek(fd, 10, SEEK_CUR));
    DO(lseek(fd, 10, SEEK_END));
    DO(lseek(fd, -5010, SEEK_END));
    DO(lseek(fd, -5000, SEEK_END));
    DO(lseek(fd, -1, SEEK_CUR));
    DO(lseek(fd, -1, SEEK_SET));
    DO(lseek(fd, 0, 99));
    DO(lseek(fd, INT64_MAX, SEEK_SET));
    DO(lseek(fd, 1, SEEK_CUR));
    DO(lseek(fd, 5, SEEK_SET));
    DO(write(fd, "b", 1));
    DO(lseek(fd, 0, SEEK_CUR));
}

CASE(seek_data_and_hole) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    DO(lseek(fd, 0, SEEK_DATA));
    DO(lseek(fd, 0, SEEK_HOLE));
    write_letters(fd, 8192, 4096, 'a');
    write_letters(fd, 20480, 5000, 'b');
    MUST(ftruncate(fd, 40000));
    static const off_t offsets[] = {0, 1, 4096, 8191, 8192, 10000, 12287, 12288, 20479, 20480, 25479, 25480, 28671, 28672, 39999, 40000, 40001, -1};
    for (unsigned i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        say("data from %lld = %s", (long long)offsets[i], outcome(lseek(fd, offsets[i], SEEK_DATA)));
        say("hole from %lld = %s", (long long)offsets[i], outcome(lseek(fd, offsets[i], SEEK_HOLE)));
    }
    show_extents("f");
}

CASE(seek_data_after_changes) {
    make_file("f", 65536, 'a');
    show_extents("f");
    int fd = MUST(open("f", O_RDWR));
    MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8192, 8192));
    show_extents("f");
    MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
    show_extents("f");
    MUST(ftruncate(fd, 50000));
    MUST(ftruncate(fd, 80000));
    show_extents("f");
    MUST(pwrite(fd, "b", 1, 12288));
    show_extents("f");
    MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1 << 20));
    show_extents("f");
    show_fstat("f", fd);
}

CASE(zeros_written_are_data) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    write_letters(fd, 4096, 4096, 0);
    show_fstat("f", fd);
    show_extents("f");
}

CASE(hole_read_takes_no_blocks) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    MUST(ftruncate(fd, 1 << 20));
    struct statfs before, after;
    MUST(fstatfs(fd, &before));
    show_content("f");
    char *map = mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE, fd, 0);
    say("map = %s", outcome_access(peek(map + 5000)));
    MUST(fstatfs(fd, &after));
    show_fstat("f", fd);
    say("blocks taken = %ld", (long)(before.f_bfree - after.f_bfree));
}

CASE(many_extents) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    for (int i = 0; i < 1000; i++) write_letters(fd, (off_t)(i * 7 % 1000) * 8192, 100, 'a' + i % 26);
    show_fstat("f", fd);
    show_content("f");
    int runs = 0;
    for (off_t at = 0; (at = lseek(fd, at, SEEK_DATA)) >= 0 && runs < 5000; runs++) at = lseek(fd, at, SEEK_HOLE);
    say("runs of data = %d", runs);
    for (int i = 0; i < 1000; i += 3) MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)i * 8192, 4096));
    show_fstat("f", fd);
    show_content("f");
}

CASE(allocate) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    DO(fallocate(fd, 0, 0, 10000));
    show_fstat("f", fd);
    show_content("f");
    DO(fallocate(fd, 0, 20000, 100));
    show_fstat("f", fd);
    show_content("f");
    DO(fallocate(fd, 0, 0, 10));
    show_fstat("f", fd);
}

CASE(allocate_shows_as_data) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    MUST(fallocate(fd, 0, 4096, 8192));
    show_extents("f");
    MUST(pwrite(fd, "x", 1, 5000));
    show_extents("f");
    show_content("f");
}

CASE(allocate_keeps_data) {
    make_file("f", 6000, 'a');
    int fd = MUST(open("f", O_RDWR));
    DO(fallocate(fd, 0, 0, 20000));
    show_content("f");
    show_stat("f");
}

CASE(allocate_beyond_the_end) {
    make_file("f", 100, 'a');
    int fd = MUST(open("f", O_RDWR));
    DO(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 40000));
    show_stat("f");
    show_content("f");
    show_extents("f");
    DO(ftruncate(fd, 30000));
    show_stat("f");
    show_content("f");
    show_extents("f");
    DO(ftruncate(fd, 100));
    show_stat("f");
}

CASE(allocate_beyond_the_end_and_cut) {
    make_file("f", 100, 'a');
    int fd = MUST(open("f", O_RDWR));
    MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 40000));
    DO(ftruncate(fd, 100));
    show_stat("f");
    MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 40000));
    DO(ftruncate(fd, 50));
    show_stat("f");
    MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 40000));
    OPEN(open("f", O_WRONLY | O_TRUNC));
    show_stat("f");
}

CASE(allocate_bad) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    DO(fallocate(fd, 0, 0, 0));
    DO(fallocate(fd, 0, -1, 10));
    DO(fallocate(fd, 0, 0, -10));
    DO(fallocate(fd, 0, INT64_MAX, 10));
    DO(fallocate(fd, 0, INT64_MAX - 4096, 8192));
    DO(fallocate(fd, 0, 0, INT64_MAX));
    DO(fallocate(fd, 0x10000, 0, 10));
    DO(fallocate(MUST(open("f", O_RDONLY)), 0, 0, 10));
    DO(fallocate(MUST(open(".", O_RDONLY)), 0, 0, 10));
    show_fstat("f", fd);
}

CASE(allocate_modes) {
    make_file("f", 40000, 'a');
    int fd = MUST(open("f", O_RDWR));
    DO(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4096));
    DO(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 4096));
    DO(fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0, 4096));
    DO(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096));
    DO(fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, 4096));
    DO(fallocate(fd, FALLOC_FL_UNSHARE_RANGE, 0, 4096));
    DO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE, 0, 4096));
    DO(fallocate(fd, FALLOC_FL_NO_HIDE_STALE, 0, 4096));
    show_content("f");
    show_fstat("f", fd);
}

CASE(punch) {
    static const struct { off_t offset, length; } holes[] = {{0, 4096}, {0, 100}, {100, 100}, {4000, 200}, {4096, 8192}, {4095, 4098},
        {1, 20000}, {39000, 5000}, {0, 40000}, {40000, 4096}, {100000, 4096}, {0, 1 << 30}};
    for (unsigned i = 0; i < sizeof holes / sizeof *holes; i++) {
        make_file("f", 40000, 'a');
        int fd = MUST(open("f", O_RDWR));
        say("punch %lld+%lld = %s", (long long)holes[i].offset, (long long)holes[i].length,
            outcome(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, holes[i].offset, holes[i].length)));
        show_stat("f");
        show_content("f");
        show_extents("f");
        MUST(close(fd));
        MUST(unlink("f"));
    }
}

CASE(punch_gives_blocks_back) {
    make_file("f", 1 << 20, 'a');
    int fd = MUST(open("f", O_RDWR));
    struct statfs before, after;
    MUST(fstatfs(fd, &before));
    DO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 1 << 19));
    MUST(fstatfs(fd, &after));
    say("blocks back = %ld", (long)(after.f_bfree - before.f_bfree));
    DO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 1 << 19));
    DO(pwrite(fd, "x", 1, 8192));
    MUST(fstatfs(fd, &after));
    say("blocks back = %ld", (long)(after.f_bfree - before.f_bfree));
}

CASE(punch_what_is_mapped) {
    make_file("f", 5 * PAGE, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    for (int i = 0; i < 5; i++) say("before %d = %s", i, outcome_access(poke(map + i * PAGE, 'b')));
    DO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, 2 * PAGE));
    for (int i = 0; i < 5; i++) say("after %d = %s", i, outcome_access(peek(map + i * PAGE)));
    say("store = %s", outcome_access(poke(map + PAGE + 7, 'c')));
    DO(msync(map, 5 * PAGE, MS_SYNC));
    show_content("f");
    show_stat("f");
}

CASE(allocated_space_is_reserved) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    struct statfs before, after;
    MUST(fstatfs(fd, &before));
    DO(fallocate(fd, 0, 0, 1 << 20));
    MUST(fstatfs(fd, &after));
    say("blocks taken = %ld", (long)(before.f_bfree - after.f_bfree));
    write_letters(fd, 0, 1 << 20, 'a');
    MUST(fstatfs(fd, &after));
    say("blocks taken when written = %ld", (long)(before.f_bfree - after.f_bfree));
    DO(ftruncate(fd, 0));
    MUST(fstatfs(fd, &after));
    say("blocks taken when cut = %ld", (long)(before.f_bfree - after.f_bfree));
}

CASE(file_size_limit) {
    make_text("f", "");
    IN_CHILD {
        signal(SIGXFSZ, SIG_IGN);
        struct rlimit limit = {10000, 10000};
        MUST(setrlimit(RLIMIT_FSIZE, &limit));
        int fd = MUST(open("f", O_RDWR));
        DO(write(fd, letters(9000, 'a'), 9000));
        DO(write(fd, letters(2000, 'b'), 2000));
        DO(write(fd, "c", 1));
        DO(ftruncate(fd, 10001));
        DO(ftruncate(fd, 10000));
        DO(fallocate(fd, 0, 0, 20000));
        DO(pwrite(fd, "c", 1, 10000));
        show_fstat("f", fd);
    }
    show_content("f");
}

CASE(overwrite_does_not_grow) {
    make_file("f", 100000, 'a');
    struct statfs before, after;
    MUST(statfs(".", &before));
    int fd = MUST(open("f", O_RDWR));
    for (int i = 0; i < 50; i++) write_letters(fd, i * 1999, 3000, 'b' + i % 20);
    MUST(statfs(".", &after));
    say("blocks taken = %ld", (long)(before.f_bfree - after.f_bfree));
    show_stat("f");
    show_content("f");
}
