// statfs(2), blocks, and what happens when there is no more room. Both file systems have the same size and number of inodes.
#include "cases.h"

#define SUBJECT "space"

static struct statfs base;

static void start(void) { MUST(statfs(".", &base)); }

static void show_use(const char *step) {
    struct statfs now;
    MUST(statfs(".", &now));
    say("%s: in use %ld blocks %ld inodes, free is available %d", step, (long)(base.f_bfree - now.f_bfree), (long)(base.f_ffree - now.f_ffree), now.f_bfree == now.f_bavail);
}

CASE(totals) {
    struct statfs system;
    struct statvfs vfs;
    MUST(statfs(".", &system));
    say("block size %ld fragment %ld name length %ld", (long)system.f_bsize, (long)system.f_frsize, (long)system.f_namelen);
    say("blocks %ld inodes %ld", (long)system.f_blocks, (long)system.f_files);
    say("block free is available = %d", system.f_bfree == system.f_bavail);
    MUST(statvfs(".", &vfs));
    say("statvfs: bsize %lu frsize %lu namemax %lu favail is ffree %d", vfs.f_bsize, vfs.f_frsize, vfs.f_namemax, vfs.f_favail == vfs.f_ffree);
    MUST(fstatfs(MUST(open(".", O_RDONLY)), &system));
    say("fstatfs: blocks %ld", (long)system.f_blocks);
}

CASE(totals_as_user) {
    AS(ALICE, STAFF) {
        struct statfs system;
        MUST(statfs(".", &system));
        say("blocks %ld inodes %ld, free is available %d", (long)system.f_blocks, (long)system.f_files, system.f_bfree == system.f_bavail);
    }
}

CASE(of_files) {
    start();
    make_text("empty", "");
    show_use("empty file");
    make_text("one", "x");
    show_use("one byte");
    make_file("page", PAGE, 'a');
    show_use("a page");
    make_file("more", PAGE + 1, 'a');
    show_use("a page and a byte");
    MUST(unlink("more"));
    show_use("unlinked");
    MUST(truncate("page", 1));
    show_use("cut");
    MUST(truncate("page", 0));
    show_use("cut to nothing");
}

CASE(of_entries) {
    start();
    EACH_KIND(kind) {
        make_kind(kind, kind);
        show_use(kind);
    }
    MUST(link("file", "file2"));
    show_use("hard link");
    MUST(unlink("file2"));
    show_use("hard link removed");
    MUST(rename("file", "file3"));
    show_use("renamed");
    MUST(rename("fifo", "file3"));
    show_use("renamed over");
    MUST(rmdir("directory"));
    show_use("directory removed");
}

CASE(of_long_symlinks) {
    start();
    char target[4096];
    memset(target, 't', sizeof target);
    target[100] = 0;
    MUST(symlink(target, "a"));
    show_use("100 bytes");
    target[100] = 't';
    target[1000] = 0;
    MUST(symlink(target, "b"));
    show_use("1000 bytes");
    target[1000] = 't';
    target[4000] = 0;
    MUST(symlink(target, "c"));
    show_use("4000 bytes");
    show_stat("c");
    MUST(unlink("c"));
    show_use("unlinked");
}

CASE(of_sparse_files) {
    start();
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    MUST(ftruncate(fd, 1LL << 40));
    show_use("a tebibyte of nothing");
    MUST(pwrite(fd, "x", 1, 1LL << 39));
    show_use("one byte in it");
    show_fstat("f", fd);
    MUST(ftruncate(fd, 0));
    show_use("cut");
}

CASE(of_unaligned_writes) {
    start();
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    static const struct { off_t offset; size_t size; } writes[] = {{4095, 2}, {0, 1}, {8192, 4097}, {100, 4000}, {1 << 20, 1}, {(1 << 20) + 4095, 1}, {(1 << 20) - 1, 3}};
    for (unsigned i = 0; i < sizeof writes / sizeof *writes; i++) {
        write_letters(fd, writes[i].offset, writes[i].size, 'a');
        show_use("write");
        show_fstat("f", fd);
    }
}

// Fills the rest of the file system through one descriptor; prints where it ended.
static off_t fill_up(int fd, size_t chunk) {
    char *data = letters(chunk, 'F');
    off_t total = 0;
    for (;;) {
        ssize_t count = write(fd, data, chunk);
        if (count < 0) {
            say("write of %zu ends with %s", chunk, outcome(-1));
            return total;
        }
        total += count;
    }
}

CASE(full_by_small_writes) {
    start();
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    MUST(fallocate(fd, 0, 0, (off_t)(base.f_bfree - 40) * PAGE));
    MUST(lseek(fd, 0, SEEK_END));
    off_t total = fill_up(fd, 1000);
    say("written = %lld", (long long)total);
    struct statfs now;
    MUST(statfs(".", &now));
    say("blocks free = %ld", (long)now.f_bfree);
    show_fstat("f", fd);
}

CASE(full_by_big_writes) {
    start();
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    off_t total = fill_up(fd, 100000);
    say("written everything = %d", total == (off_t)base.f_bfree * PAGE);
    struct stat status;
    MUST(fstat(fd, &status));
    say("size is what was written = %d", status.st_size == total);
    show_use("full");
    DO(pwrite(fd, "x", 1, total));
    DO(pwrite(fd, "x", 1, 0));
    DO(pwrite(fd, "x", 1, total - 1));
    int other = OPEN(open("g", O_CREAT | O_RDWR, 0644));
    DO(write(other, "x", 1));
    show_stat("g");
    DO(ftruncate(other, 1 << 20));
    show_stat("g");
    DO(mkdir("d", 0755));
    DO(symlink("short", "l"));
    DO(setxattr("g", "user.a", "v", 1, 0));
    DO(unlink("f"));
    DO(write(other, "x", 1));
    DO(close(fd));
    DO(write(other, "x", 1));
    show_stat("g");
}

CASE(full_by_one_huge_write) {
    start();
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    size_t size = (base.f_bfree + 100) * (size_t)PAGE;
    char *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(data, 'h', size);
    long count = write(fd, data, size);
    say("short by pages = %ld", (long)((size - count) / PAGE));
    DO(write(fd, data, 10));
    show_use("full");
}

CASE(full_and_rewrite) {
    start();
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    MUST(fallocate(fd, 0, 0, (off_t)(base.f_bfree - 10) * PAGE));
    int small = MUST(open("g", O_CREAT | O_RDWR, 0644));
    off_t total = fill_up(small, 5000);
    say("written = %lld", (long long)total);
    show_fd_content("g", small);
    DO(pwrite(small, "rewrite", 7, 3));
    DO(ftruncate(small, 100));
    DO(lseek(small, 0, SEEK_END));
    total = fill_up(small, 3000);
    say("written again = %lld", (long long)total);
    show_fd_content("g", small);
}

CASE(full_and_holes) {
    start();
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644)), hole = MUST(open("hole", O_CREAT | O_RDWR, 0644));
    MUST(ftruncate(hole, 10 * PAGE));
    MUST(pwrite(hole, "data", 4, 3 * PAGE));
    struct statfs now;
    MUST(statfs(".", &now));
    MUST(fallocate(fd, 0, 0, (off_t)now.f_bfree * PAGE));
    DO(pwrite(hole, "x", 1, 0));
    DO(pwrite(hole, "x", 1, 3 * PAGE + 10));
    DO(pwrite(hole, letters(2 * PAGE, 'p'), 2 * PAGE, 3 * PAGE));
    show_content("hole");
    show_stat("hole");
    DO(fallocate(hole, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3 * PAGE, PAGE));
    DO(pwrite(hole, "y", 1, 7 * PAGE));
    show_content("hole");
    show_stat("hole");
}

CASE(full_and_fallocate) {
    start();
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    DO(write(fd, "data", 4));
    say("more than there is = %s", outcome(fallocate(fd, 0, 0, (off_t)(base.f_bfree + 1) * PAGE)));
    show_fstat("f", fd);
    show_use("refused");
    say("all there is = %s", outcome(fallocate(fd, 0, 0, (off_t)base.f_bfree * PAGE)));
    show_use("all");
    DO(pwrite(fd, "still room in it", 16, (off_t)(base.f_bfree - 1) * PAGE));
    DO(fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)base.f_bfree * PAGE, PAGE));
    DO(fallocate(fd, 0, 0, PAGE));
    DO(ftruncate(fd, 4));
    show_content("f");
    show_use("cut");
}

CASE(more_than_ever_fallocate) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    DO(fallocate(fd, 0, 0, 1LL << 40));
    DO(fallocate(fd, FALLOC_FL_KEEP_SIZE, 1LL << 40, 1LL << 40));
    show_fstat("f", fd);
}

CASE(full_and_store) {
    // tmpfs ends a store that finds no room with SIGBUS.
    start();
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644)), hole = MUST(open("hole", O_CREAT | O_RDWR, 0644));
    MUST(ftruncate(hole, 4 * PAGE));
    MUST(pwrite(hole, "data", 4, PAGE));
    struct statfs now;
    MUST(statfs(".", &now));
    MUST(fallocate(fd, 0, 0, (off_t)now.f_bfree * PAGE));
    char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, hole, 0);
    if (map == MAP_FAILED) {
        say("mmap = %s", outcome(-1));
        return;
    }
    say("store into data = %s", outcome_access(poke(map + PAGE + 10, 'x')));
    say("read of a hole = %s", outcome_access(peek(map + 2 * PAGE)));
    DO(msync(map, 4 * PAGE, MS_SYNC));
    show_content("hole");
}

CASE(full_and_store_into_a_hole) {
    start();
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644)), hole = MUST(open("hole", O_CREAT | O_RDWR, 0644));
    MUST(ftruncate(hole, 4 * PAGE));
    MUST(fallocate(fd, 0, 0, (off_t)base.f_bfree * PAGE));
    char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, hole, 0);
    if (map == MAP_FAILED) {
        say("mmap = %s", outcome(-1));
        return;
    }
    say("store into a hole = %s", outcome_access(poke(map, 'x')));
}

CASE(full_and_append) {
    start();
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    MUST(fallocate(fd, 0, 0, (off_t)(base.f_bfree - 1) * PAGE));
    int append = MUST(open("g", O_CREAT | O_WRONLY | O_APPEND, 0644));
    DO(write(append, letters(3000, 'a'), 3000));
    DO(write(append, letters(3000, 'b'), 3000));
    DO(write(append, letters(3000, 'c'), 3000));
    show_content("g");
}

static void write_one_byte(void) {
    int fd = MUST(open("g", O_CREAT | O_RDWR, 0644));
    DO(write(fd, "x", 1));
    MUST(close(fd));
}

CASE(room_comes_back_at_once) {
    static const char *const ways[] = {"cut to nothing", "punch", "unlink", "cut", "rename over"};
    start();
    for (int way = 0; way < 5; way++) {
        int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
        say("%s", ways[way]);
        DO(fallocate(fd, 0, 0, (off_t)base.f_bfree * PAGE));
        write_one_byte();
        switch (way) {
        case 0: DO(ftruncate(fd, 0)); break;
        case 1: DO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE)); break;
        case 3: DO(ftruncate(fd, PAGE)); break;
        default: MUST(close(fd));
        }
        if (way == 2) DO(unlink("f"));
        if (way == 4) DO(rename("g", "f"));
        show_use("then");
        write_one_byte();
        unlink("f");
        unlink("g");
        if (way != 2 && way != 4) MUST(close(fd));
        show_use("all removed");
    }
}

CASE(out_of_inodes) {
    start();
    MUST(mkdir("d", 0755));
    long made = 1;
    char name[32];
    for (;; made++) {
        snprintf(name, sizeof name, "d/%ld", made);
        if (mknod(name, S_IFREG | 0600, 0) < 0) break;
    }
    say("ends with %s, all used %d", outcome(-1), made == (long)base.f_ffree);
    struct statfs now;
    MUST(statfs(".", &now));
    say("inodes free = %ld", (long)now.f_ffree);
    OPEN(open("x", O_CREAT | O_WRONLY, 0600));
    DO(mkdir("x", 0700));
    DO(symlink("t", "x"));
    DO(mknod("x", S_IFIFO | 0600, 0));
    DO(link("d/1", "x"));
    DO(rename("d/1", "d/one"));
    DO(write(MUST(open("d/2", O_WRONLY)), "abc", 3));
    DO(unlink("d/3"));
    OPEN(open("x", O_CREAT | O_WRONLY, 0600));
    OPEN(open("y", O_CREAT | O_WRONLY, 0600));
    DO(rename("d/4", "x"));
    OPEN(open("y", O_CREAT | O_WRONLY, 0600));
    DO(flip("d/5", "z", RENAME_WHITEOUT));
    show_stat("d/5");
}
