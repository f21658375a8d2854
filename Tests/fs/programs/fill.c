// Fills a file system with known content to the last block, and checks every byte and every count on the way.
#include "check.h"

static const char manual[] =
    "fsfill: fills a file system with known content, reads it all back, deletes half, fills again\n"
    "\n"
    "usage: fsfill DIR [--rounds N]\n"
    "\n"
    "DIR is the root of a file system of its own, empty, with enough inodes: a file has at most 1 MiB.\n"
    "It closes with 'N passed, N failed'.\n";

enum { CHUNK = 1 << 16, FILES_MAX = 200000 };

static struct {
    off_t size;
    uint32_t version;
} files[FILES_MAX];
static int file_count;
static struct statfs start;

static long blocks_of(off_t size) { return (size + PAGE - 1) / PAGE; }

static struct statfs space(void) {
    struct statfs now;
    MUST(statfs(".", &now));
    return now;
}

// The bytes of file and version at an offset that is a multiple of 8: no two words of a run are the same.
static void make_content(unsigned char *bytes, size_t size, int file, uint32_t version, off_t offset) {
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = ((uint64_t)file << 40) ^ ((uint64_t)version << 56) ^ (offset + i);
        word *= 0x9e3779b97f4a7c15ull;
        word ^= word >> 32;
        memcpy(bytes + i, &word, size - i < 8 ? size - i : 8);
    }
}

static char *name_of(int file) {
    static char name[32];
    snprintf(name, sizeof name, "%d/%d", file % 16, file);
    return name;
}

// Sizes from nothing to 1 MiB, most of them no multiple of a page.
static off_t size_of(int file) {
    static const off_t sizes[] = {1 << 20, 0, 1, 4095, 4096, 4097, 65536, 100001, 300000, 777777, 12345, 8192};
    return sizes[file * 7 % 12];
}

// Writes one file; returns false when space ran out. The part that was written stays, and is recorded.
static bool write_file(int file, uint32_t version) {
    static unsigned char bytes[CHUNK];
    int fd = MUST(open(name_of(file), O_CREAT | O_EXCL | O_WRONLY, 0600));
    off_t size = size_of(file), at = 0;
    bool is_full = false;
    while (at < size && !is_full) {
        size_t count = size - at < CHUNK ? size - at : CHUNK;
        make_content(bytes, count, file, version, at);
        ssize_t done = pwrite(fd, bytes, count, at);
        if (done < 0 && errno != ENOSPC) err(1, "write to %s", name_of(file));
        if (done > 0) at += done;
        is_full = done != (ssize_t)count;
    }
    // fsync and close may report an error that write did not.
    if (fsync(fd) < 0 || close(fd) < 0) err(1, "closing %s", name_of(file));
    files[file].size = at;
    files[file].version = version;
    return !is_full;
}

static long wrong_bytes(int file) {
    static unsigned char bytes[CHUNK], right[CHUNK];
    int fd = MUST(open(name_of(file), O_RDONLY));
    long wrong = 0;
    off_t at = 0;
    ssize_t count;
    while ((count = pread(fd, bytes, CHUNK, at)) > 0) {
        make_content(right, count, file, files[file].version, at);
        if (memcmp(bytes, right, count))
            for (ssize_t i = 0; i < count; i++) wrong += bytes[i] != right[i];
        at += count;
    }
    if (count < 0) err(1, "read of %s", name_of(file));
    MUST(close(fd));
    return wrong + (at > files[file].size ? at - files[file].size : files[file].size - at);
}

static void check_content(const char *name) {
    long wrong = 0;
    int wrong_files = 0;
    for (int file = 0; file < file_count; file++) {
        if (files[file].size < 0) continue;
        long count = wrong_bytes(file);
        wrong += count;
        wrong_files += count > 0;
    }
    check(wrong == 0, name, "%ld wrong bytes in %d files", wrong, wrong_files);
}

static long long blocks_in_files(void) {
    long long blocks = 0;
    for (int file = 0; file < file_count; file++)
        if (files[file].size > 0) blocks += blocks_of(files[file].size);
    return blocks;
}

static void check_space(const char *name) {
    struct statfs now = space();
    long long expected = (long long)start.f_bfree - blocks_in_files();
    check((long long)now.f_bfree == expected && now.f_bavail == now.f_bfree, name, "%lld blocks free (%lld available), not %lld", (long long)now.f_bfree,
        (long long)now.f_bavail, expected);
}

static void check_sizes(const char *name) {
    long wrong = 0;
    for (int file = 0; file < file_count; file++) {
        struct stat status;
        if (files[file].size < 0) continue;
        MUST(stat(name_of(file), &status));
        wrong += status.st_size != files[file].size || status.st_blocks != blocks_of(files[file].size) * 8;
    }
    check(wrong == 0, name, "%ld files", wrong);
}

static void fill(const char *name, uint32_t version) {
    long long off = 0;
    bool has_room = true;
    while (has_room) {
        if (file_count == FILES_MAX) errx(1, "more than %d files: the file system is too large for this", FILES_MAX);
        has_room = write_file(file_count++, version);
        long long now = space().f_bfree, expected = (long long)start.f_bfree - blocks_in_files();
        if (now != expected && !off) off = now - expected;
    }
    char line[100];
    snprintf(line, sizeof line, "%s: statfs is exact after each file", name);
    check(off == 0, line, "off by %lld blocks first", off);
    snprintf(line, sizeof line, "%s: to the last block", name);
    check(space().f_bfree == 0, line, "%lld blocks are left", (long long)space().f_bfree);
}

static void delete_every(int step, int first) {
    for (int file = first; file < file_count; file += step) {
        if (files[file].size < 0) continue;
        MUST(unlink(name_of(file)));
        files[file].size = -1;
    }
}

// A full file system still lets files be rewritten in place.
static void rewrite_in_place(void) {
    static unsigned char bytes[CHUNK];
    int count = 0, refused = 0;
    for (int file = 0; file < file_count && count < 200; file += 3) {
        if (files[file].size <= 0) continue;
        int fd = MUST(open(name_of(file), O_WRONLY));
        for (off_t at = 0; at < files[file].size; at += CHUNK) {
            size_t size = files[file].size - at < CHUNK ? files[file].size - at : CHUNK;
            make_content(bytes, size, file, 99, at);
            refused += pwrite(fd, bytes, size, at) != (ssize_t)size;
        }
        files[file].version = 99;
        MUST(close(fd));
        count++;
    }
    check(count > 0 && refused == 0, "full: files are rewritten in place", "%d of %d refused", refused, count);
}

static void check_refusals(void) {
    int fd = MUST(open("more", O_CREAT | O_RDWR, 0600));
    ssize_t count = write(fd, "x", 1);
    check(count == -1 && errno == ENOSPC, "full: a new file gets no byte", "write gave %zd, %s", count, strerrorname_np(errno));
    int result = fallocate(fd, 0, 0, PAGE);
    check(result == -1 && errno == ENOSPC, "full: fallocate is refused", "it gave %d, %s", result, strerrorname_np(errno));
    struct stat status;
    MUST(fstat(fd, &status));
    check(status.st_size == 0 && status.st_blocks == 0, "full: refused calls left nothing", "size %lld blocks %lld", (long long)status.st_size, (long long)status.st_blocks);
    MUST(close(fd));
    MUST(unlink("more"));
}

// An unlinked file keeps its blocks until it is closed, and no longer.
static void check_unlinked_open(void) {
    int file = -1;
    for (int i = 0; i < file_count; i++)
        if (files[i].size > 100000) file = i;
    int fd = MUST(open(name_of(file), O_RDONLY));
    long long before = space().f_bfree;
    MUST(unlink(name_of(file)));
    check((long long)space().f_bfree == before, "unlinked and open: no block comes back", "%lld did", (long long)space().f_bfree - before);
    MUST(close(fd));
    check((long long)space().f_bfree == before + blocks_of(files[file].size), "unlinked and closed: all blocks come back at once", "%lld did",
        (long long)space().f_bfree - before);
    files[file].size = -1;
}

static void cut_some(void) {
    for (int file = 1; file < file_count; file += 4) {
        if (files[file].size <= 0) continue;
        off_t size = files[file].size / 3;
        MUST(truncate(name_of(file), size));
        files[file].size = size;
    }
}

int main(int count, char **words) {
    int rounds = 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (count > 1 && (!strcmp(words[1], "--help") || !strcmp(words[1], "-h"))) return fputs(manual, stdout), 0;
    if (count == 4 && !strcmp(words[2], "--rounds")) rounds = atoi(words[3]);
    else if (count != 2) return fputs(manual, stderr), 2;
    MUST(chdir(words[1]));
    for (int i = 0; i < 16; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", i);
        MUST(mkdir(name, 0700));
    }
    start = space();
    fill("fill", 0);
    check_content("full: all content is right");
    check_sizes("full: sizes and blocks are right");
    check_refusals();
    rewrite_in_place();
    check_space("full: statfs is exact after rewriting");
    check_content("full: all content is right after rewriting");
    for (int round = 0; round < rounds; round++) {
        delete_every(2, round % 2);
        check_space("half deleted: statfs is exact");
        cut_some();
        check_space("some cut: statfs is exact");
        fill("fill again", round + 1);
        check_content("full again: all content is right");
        check_sizes("full again: sizes and blocks are right");
    }
    check_unlinked_open();
    check_space("at the end: statfs is exact");
    delete_every(1, 0);
    for (int i = 0; i < 16; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", i);
        MUST(rmdir(name));
    }
    struct statfs end = space();
    check(end.f_bfree == start.f_bfree && end.f_ffree >= start.f_ffree, "all deleted: everything is free again", "%lld blocks, %lld inodes are lost",
        (long long)(start.f_bfree - end.f_bfree), (long long)(start.f_ffree - end.f_ffree));
    return finish();
}
