// Old contents must never show: after a pattern filled the pool, files read as the bytes written to them, and zeros.
#include "check.h"

static const char manual[] =
    "fsold: looks for old contents of a file system's memory\n"
    "\n"
    "usage:\n"
    "  fsold fill DIR             fill all space with a pattern, and delete it again\n"
    "  fsold look DIR [--plant]   look for it by every way to read a file\n"
    "\n"
    "DIR is the root of a file system of its own, empty. --plant puts one byte of the pattern\n"
    "into a file: a check has to fail then. 'look' closes with 'N passed, N failed'.\n";

enum { PATTERN = 0xdb, SAMPLES = 400 };

// A tmpfs allocates a page for a load from a hole, which is a SIGBUS when it is full. And when a file grows, it shows the bytes that
// a store left beyond the old end. Neither is checked there: this program runs on a tmpfs only to be tested itself.
static bool is_tmpfs;
static bool is_full;

static struct statfs space_of(const char *path) {
    struct statfs space;
    MUST(statfs(path, &space));
    return space;
}

static int fill(void) {
    static unsigned char chunk[1 << 20];
    memset(chunk, PATTERN, sizeof chunk);
    struct statfs before = space_of(".");
    int fd = MUST(open("pattern", O_CREAT | O_EXCL | O_WRONLY, 0600));
    long long total = 0;
    ssize_t count;
    while ((count = write(fd, chunk, sizeof chunk)) > 0) total += count;
    if (errno != ENOSPC) err(1, "writing the pattern");
    struct statfs full = space_of(".");
    printf("filled %lld of %lld blocks\n", total / PAGE, (long long)before.f_bfree);
    MUST(close(fd));
    MUST(unlink("pattern"));
    return total == (long long)before.f_bfree * PAGE && full.f_bfree == 0 && space_of(".").f_bfree == before.f_bfree ? 0 : 1;
}

// ---- the expected contents of a file

// A file's expected bytes: 'letter' in [from, to), zeros elsewhere, 'size' in all.
struct expected {
    off_t from, to, size;
    unsigned char letter;
};

static struct {
    long old, wrong;
    off_t first;
} found;

static void compare(const unsigned char *bytes, size_t count, off_t offset, const struct expected *expected) {
    for (size_t i = 0; i < count; i++) {
        off_t at = offset + i;
        unsigned char right = at >= expected->from && at < expected->to ? expected->letter : 0;
        if (bytes[i] == right) continue;
        if (!found.old && !found.wrong) found.first = at;
        if (bytes[i] == PATTERN) found.old++;
        else found.wrong++;
    }
}

// Reads in one way after another: pread in big and in odd pieces, and through a mapping, to the end of its last page.
static void look_at(int fd, const struct expected *expected) {
    static unsigned char buffer[1 << 18];
    struct stat status;
    MUST(fstat(fd, &status));
    if (status.st_size != expected->size) found.wrong++;
    off_t at = 0;
    ssize_t count;
    for (; (count = pread(fd, buffer, sizeof buffer, at)) > 0; at += count) compare(buffer, count, at, expected);
    if (count < 0 || at != expected->size) found.wrong++;
    if (expected->size <= 1 << 16)
        for (at = 0; (count = pread(fd, buffer, 1777, at)) > 0; at += count) compare(buffer, count, at, expected);
    // A read at the end must leave nothing in the buffer, either.
    memset(buffer, 0, PAGE);
    if (pread(fd, buffer, PAGE, expected->size) != 0) found.wrong++;
    for (int i = 0; i < PAGE; i++) found.old += buffer[i] == PATTERN;
    if (expected->size == 0 || expected->size > 1 << 26 || (is_tmpfs && is_full)) return;
    size_t size = (expected->size + PAGE - 1) & ~(size_t)(PAGE - 1);
    unsigned char *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) err(1, "mmap");
    compare(map, size, 0, expected);
    MUST(munmap(map, size));
}

// Looks through the descriptor that wrote the file, and through a read-only one, which may be cached differently.
static void look(int fd, struct expected expected) {
    look_at(fd, &expected);
    int reader = MUST(open("f", O_RDONLY));
    look_at(reader, &expected);
    MUST(close(reader));
}

static void report(const char *name) {
    check(found.old == 0 && found.wrong == 0, name, "%ld bytes of old contents, %ld wrong otherwise, the first at %lld", found.old, found.wrong, (long long)found.first);
    memset(&found, 0, sizeof found);
}

static int new_file(void) {
    if (unlink("f") < 0 && errno != ENOENT) err(1, "unlink");
    return MUST(open("f", O_CREAT | O_EXCL | O_RDWR, 0600));
}

static void put(int fd, off_t offset, size_t size, unsigned char letter) {
    static unsigned char buffer[1 << 17];
    memset(buffer, letter, size);
    if (pwrite(fd, buffer, size, offset) != (ssize_t)size) err(1, "pwrite of %zu bytes at %lld", size, (long long)offset);
}

static int punch(int fd, off_t offset, off_t size) { return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, size); }

// ---- the ways

// Runs a way SAMPLES times with different sizes. The files stay until its end, so that each gets other frames.
static void each_sample(const char *name, void (*way)(int fd, int sample)) {
    MUST(mkdir("kept", 0700));
    for (int sample = 0; sample < SAMPLES; sample++) {
        int fd = new_file();
        way(fd, sample);
        MUST(close(fd));
        char kept[32];
        snprintf(kept, sizeof kept, "kept/%d", sample);
        MUST(rename("f", kept));
    }
    for (int sample = 0; sample < SAMPLES; sample++) {
        char kept[32];
        snprintf(kept, sizeof kept, "kept/%d", sample);
        MUST(unlink(kept));
    }
    MUST(rmdir("kept"));
    report(name);
}

static void short_file(int fd, int sample) {
    off_t size = 1 + sample * 37 % 9000;
    put(fd, 0, size, 'a');
    look(fd, (struct expected){0, size, size, 'a'});
}

static void truncated_up(int fd, int sample) {
    off_t size = 1 + sample * 41 % 5000;
    put(fd, 0, size, 'b');
    MUST(ftruncate(fd, 3 * PAGE));
    look(fd, (struct expected){0, size, 3 * PAGE, 'b'});
}

static void truncated_down_and_up(int fd, int sample) {
    off_t size = sample * 41 % 8192;
    put(fd, 0, 8192, 'c');
    MUST(ftruncate(fd, size));
    MUST(ftruncate(fd, 8192));
    look(fd, (struct expected){0, size, 8192, 'c'});
}

static void hole(int fd, int sample) {
    off_t offset = 1 + sample * 53 % 20000, size = 1 + sample % 300;
    put(fd, offset, size, 'd');
    look(fd, (struct expected){offset, offset + size, offset + size, 'd'});
}

static void hole_in_the_last_page(int fd, int sample) {
    off_t gap = 1 + sample * 9;
    put(fd, 0, 100, 'e');
    MUST(ftruncate(fd, 0));
    put(fd, 0, 10, 0);
    put(fd, 10 + gap, 5, 'e');
    look(fd, (struct expected){10 + gap, 15 + gap, 15 + gap, 'e'});
}

static void allocated(int fd, int sample) {
    MUST(fallocate(fd, 0, 0, 1 + sample * 61));
    look(fd, (struct expected){0, 0, 1 + sample * 61, 0});
}

static void allocated_and_written(int fd, int sample) {
    off_t offset = sample * 19 % 12000;
    MUST(fallocate(fd, 0, 0, 4 * PAGE));
    put(fd, offset, 7, 'f');
    look(fd, (struct expected){offset, offset + 7, 4 * PAGE, 'f'});
}

static void allocated_beyond_the_end(int fd, int sample) {
    put(fd, 0, 10, 'g');
    MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4 * PAGE));
    look(fd, (struct expected){0, 10, 10, 'g'});
    MUST(ftruncate(fd, PAGE + sample * 20));
    look(fd, (struct expected){0, 10, PAGE + sample * 20, 'g'});
}

static void punched(int fd, int sample) {
    off_t cut = sample * 31 % (3 * PAGE);
    put(fd, 0, 3 * PAGE, 'h');
    MUST(punch(fd, cut, 4 * PAGE));
    look(fd, (struct expected){0, cut, 3 * PAGE, 'h'});
}

static void punched_and_written(int fd, int sample) {
    off_t offset = PAGE + sample * 7 % 4000;
    put(fd, 0, 3 * PAGE, 'i');
    MUST(punch(fd, 0, 3 * PAGE));
    put(fd, offset, 3, 'j');
    look(fd, (struct expected){offset, offset + 3, 3 * PAGE, 'j'});
}

static void stored_by_map(int fd, int sample) {
    off_t offset = sample * 43 % (2 * PAGE);
    MUST(ftruncate(fd, 2 * PAGE + 10));
    unsigned char *map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) err(1, "shared mapping");
    map[offset] = 'k';
    compare(map, 3 * PAGE, 0, &(struct expected){offset, offset + 1, 0, 'k'});
    MUST(msync(map, 3 * PAGE, MS_SYNC));
    MUST(munmap(map, 3 * PAGE));
    look(fd, (struct expected){offset, offset + 1, 2 * PAGE + 10, 'k'});
}

static void stored_beyond_the_end(int fd, int sample) {
    // Bytes that a store leaves beyond the end of the file must not show when the file grows.
    off_t size = 1 + sample * 10;
    put(fd, 0, size, 'l');
    unsigned char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) err(1, "shared mapping");
    memset(map + size, 'x', PAGE - size);
    MUST(msync(map, PAGE, MS_SYNC));
    MUST(munmap(map, PAGE));
    MUST(ftruncate(fd, 2 * PAGE));
    look(fd, (struct expected){0, size, 2 * PAGE, 'l'});
}

static void unaligned_direct_write(int fd, int sample) {
    (void)fd;
    static unsigned char buffer[8192] __attribute__((aligned(4096)));
    int direct = MUST(open("f", O_RDWR | O_DIRECT));
    off_t offset = sample * 13 % 5000;
    memset(buffer, 'm', 512);
    if (pwrite(direct, buffer, 512, offset) == 512) look(direct, (struct expected){offset, offset + 512, offset + 512, 'm'});
    MUST(close(direct));
}

static void write_from_bad_memory(int fd, int sample) {
    unsigned char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(pages, 'n', PAGE);
    MUST(munmap(pages + PAGE, PAGE));
    off_t good = 1 + sample * 10;
    ssize_t count = pwrite(fd, pages + PAGE - good, good + 3000, 100);
    MUST(munmap(pages, PAGE));
    off_t end = count > 0 ? 100 + count : 0;
    struct stat status;
    MUST(fstat(fd, &status));
    if (count < 0 && status.st_size != 0) end = status.st_size;
    look(fd, (struct expected){100, count > 0 ? end : 100, end, 'n'});
    MUST(ftruncate(fd, 2 * PAGE));
    look(fd, (struct expected){100, count > 0 ? end : 100, 2 * PAGE, 'n'});
}

static void copied_hole(int fd, int sample) {
    MUST(ftruncate(fd, 3 * PAGE));
    loff_t from = 0, to = 4 * PAGE + sample;
    ssize_t count = copy_file_range(fd, &from, fd, &to, 3 * PAGE, 0);
    struct stat status;
    MUST(fstat(fd, &status));
    if (count < 0) found.wrong++;
    look(fd, (struct expected){0, 0, status.st_size, 0});
}

static void cut_by_open(int fd, int sample) {
    put(fd, 0, 3 * PAGE, 'o');
    MUST(close(MUST(open("f", O_WRONLY | O_TRUNC))));
    MUST(ftruncate(fd, 1 + sample * 30));
    look(fd, (struct expected){0, 0, 1 + sample * 30, 0});
}

static void appended_after_cut(int fd, int sample) {
    put(fd, 0, 2 * PAGE, 'p');
    MUST(ftruncate(fd, 0));
    put(fd, sample * 20, 5, 'q');
    look(fd, (struct expected){sample * 20, sample * 20 + 5, sample * 20 + 5, 'q'});
}

// ---- over all of the space at once

static void all_allocated(void) {
    int fd = new_file();
    off_t size = (off_t)space_of(".").f_bfree * PAGE;
    MUST(fallocate(fd, 0, 0, size));
    look(fd, (struct expected){0, 0, size, 0});
    MUST(close(fd));
    report("all space allocated reads as zeros");
}

static void all_with_one_byte_in_a_page(void) {
    static unsigned char buffer[1 << 18];
    int fd = new_file();
    long pages = space_of(".").f_bfree;
    for (long page = 0; page < pages; page++) {
        unsigned char byte = 'r';
        if (pwrite(fd, &byte, 1, page * (off_t)PAGE + page * 7 % PAGE) != 1) err(1, "one byte in page %ld of %ld", page, pages);
    }
    off_t at = 0;
    for (ssize_t count; (count = pread(fd, buffer, sizeof buffer, at)) > 0; at += count)
        for (ssize_t i = 0; i < count; i++) {
            long page = (at + i) / PAGE;
            compare(buffer + i, 1, at + i, &(struct expected){page * (off_t)PAGE + page * 7 % PAGE, page * (off_t)PAGE + page * 7 % PAGE + 1, 0, 'r'});
        }
    MUST(close(fd));
    report("all space with one byte written in a page");
}

static void failed_writes(void) {
    // Leaves a few pages free, and writes more than these in one call, over and over.
    static unsigned char buffer[64 * PAGE];
    memset(buffer, 's', sizeof buffer);
    int fd = new_file(), rest = MUST(open("rest", O_CREAT | O_EXCL | O_RDWR, 0600));
    MUST(fallocate(rest, 0, 0, (off_t)(space_of(".").f_bfree - 20) * PAGE));
    is_full = true;
    for (int i = 0; i < 200; i++) {
        MUST(ftruncate(fd, 0));
        off_t offset = i * 97 % 6000;
        ssize_t count = pwrite(fd, buffer, sizeof buffer, offset);
        if (count < 0 && errno != ENOSPC) err(1, "write without room");
        if (count == (ssize_t)sizeof buffer) found.wrong++;
        off_t end = count > 0 ? offset + count : 0;
        look(fd, (struct expected){offset, end, end, 's'});
        MUST(ftruncate(fd, 2 * sizeof buffer));
        look(fd, (struct expected){offset, end, 2 * sizeof buffer, 's'});
        MUST(ftruncate(fd, 0));
        if (fallocate(fd, 0, 0, sizeof buffer) == 0) found.wrong++;
        struct stat status;
        MUST(fstat(fd, &status));
        look(fd, (struct expected){0, 0, status.st_size, 0});
    }
    is_full = false;
    MUST(close(rest));
    MUST(unlink("rest"));
    MUST(close(fd));
    report("writes and allocations that fail for want of room");
}

static void long_values(void) {
    static char value[65536], back[65536], target[4096];
    int fd = new_file();
    memset(value, 'v', sizeof value);
    memset(target, 't', sizeof target - 1);
    for (int size = 1; size < 65536; size = size * 3 + 1) {
        memset(back, 0, sizeof back);
        if (fsetxattr(fd, "trusted.long", value, size, 0) < 0 || fgetxattr(fd, "trusted.long", back, sizeof back) != size || memcmp(value, back, size)) found.wrong++;
        for (size_t i = size; i < sizeof back; i++) found.old += back[i] != 0;
    }
    for (int size = 1; size < 4095; size = size * 2 + 1) {
        target[size] = 0;
        memset(back, 0, sizeof back);
        if (symlink(target, "l") < 0 || readlink("l", back, sizeof back) != size || strcmp(back, target)) found.wrong++;
        target[size] = 't';
        unlink("l");
    }
    MUST(close(fd));
    report("extended attributes and symlinks");
}

static void planted(int fd, int sample) {
    put(fd, 0, 10, 't');
    MUST(ftruncate(fd, 2 * PAGE));
    if (sample == 123) put(fd, 5000, 1, PATTERN);
    look(fd, (struct expected){0, 10, 2 * PAGE, 't'});
}

static int look_everywhere(bool plant) {
    struct statfs before = space_of(".");
    if (plant) each_sample("a planted byte", planted);
    each_sample("short files", short_file);
    each_sample("files truncated up", truncated_up);
    each_sample("files truncated down, then up", truncated_down_and_up);
    each_sample("holes", hole);
    each_sample("holes in the last page", hole_in_the_last_page);
    each_sample("fallocate", allocated);
    each_sample("fallocate, then a write", allocated_and_written);
    each_sample("fallocate beyond the end", allocated_beyond_the_end);
    each_sample("punched holes", punched);
    each_sample("punched holes, then a write", punched_and_written);
    each_sample("stores by mmap", stored_by_map);
    if (is_tmpfs) puts("left out: stores by mmap beyond the end, which a tmpfs shows when the file grows");
    else each_sample("stores by mmap beyond the end", stored_beyond_the_end);
    each_sample("direct writes of parts of pages", unaligned_direct_write);
    each_sample("writes from bad memory", write_from_bad_memory);
    each_sample("holes copied", copied_hole);
    each_sample("files cut by open", cut_by_open);
    each_sample("files cut, then written beyond", appended_after_cut);
    all_allocated();
    all_with_one_byte_in_a_page();
    failed_writes();
    long_values();
    MUST(unlink("f"));
    struct statfs after = space_of(".");
    check(after.f_bfree == before.f_bfree, "all space is free again", "%lld blocks are lost", (long long)(before.f_bfree - after.f_bfree));
    return finish();
}

int main(int count, char **words) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (count > 1 && (!strcmp(words[1], "--help") || !strcmp(words[1], "-h"))) return fputs(manual, stdout), 0;
    if (count < 3) return fputs(manual, stderr), 2;
    MUST(chdir(words[2]));
    is_tmpfs = space_of(".").f_type == TMPFS_MAGIC;
    if (!strcmp(words[1], "fill")) return fill();
    if (!strcmp(words[1], "look")) return look_everywhere(count > 3 && !strcmp(words[3], "--plant"));
    return fputs(manual, stderr), 2;
}
