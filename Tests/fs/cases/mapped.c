// mmap(2): private and shared, past the end, coherence with read and write.
#include "cases.h"

#define SUBJECT "map"

static char *map_file(int fd, size_t size, int protection, int flags) {
    char *map = mmap(NULL, size, protection, flags, fd, 0);
    if (map != MAP_FAILED) return map;
    say("mmap = %s", outcome(-1));
    _exit(0);
}

CASE(shared_read) {
    make_file("f", 10000, 'a');
    int fd = MUST(open("f", O_RDONLY));
    char *map = map_file(fd, 10000, PROT_READ, MAP_SHARED);
    show_bytes("map", map, 10000);
    show_bytes("rest of the page", map + 10000, 3 * PAGE - 10000);
}

CASE(shared_write) {
    make_file("f", 10000, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = map_file(fd, 10000, PROT_READ | PROT_WRITE, MAP_SHARED);
    memset(map + 4000, 'b', 200);
    show_fd_content("f", fd);
    DO(msync(map, 10000, MS_SYNC));
    DO(munmap(map, 10000));
    DO(close(fd));
    show_content("f");
    show_stat("f");
}

CASE(private_write) {
    make_file("f", 10000, 'a');
    int fd = MUST(open("f", O_RDONLY));
    char *map = map_file(fd, 10000, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memset(map + 4000, 'b', 200);
    show_bytes("map", map, 10000);
    show_content("f");
}

CASE(write_is_seen_in_a_map) {
    make_file("f", 10000, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = map_file(fd, 10000, PROT_READ, MAP_SHARED), *private = map_file(fd, 10000, PROT_READ, MAP_PRIVATE);
    say("before = %s %s", outcome_access(peek(map + 5000)), outcome_access(peek(private + 5000)));
    DO(pwrite(fd, "bbb", 3, 5000));
    say("after = %s %s", outcome_access(peek(map + 5000)), outcome_access(peek(private + 5000)));
    IN_CHILD {
        int other = MUST(open("f", O_WRONLY));
        DO(pwrite(other, "ccc", 3, 5000));
    }
    say("after another's = %s %s", outcome_access(peek(map + 5000)), outcome_access(peek(private + 5000)));
}

CASE(store_is_seen_by_read) {
    make_file("f", 10000, 'a');
    int fd = MUST(open("f", O_RDWR)), reader = MUST(open("f", O_RDONLY));
    char *map = map_file(fd, 10000, PROT_READ | PROT_WRITE, MAP_SHARED);
    for (int i = 0; i < 20; i++) {
        char byte = 0, other = 0;
        map[i * 500] = 'b' + i;
        MUST(pread(fd, &byte, 1, i * 500));
        MUST(pread(reader, &other, 1, i * 500));
        say("read back = %c %c", byte, other);
    }
}

CASE(store_and_write_in_one_page) {
    make_file("f", PAGE, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = map_file(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    for (int i = 0; i < 200; i++) {
        if (i % 2) map[i * 20] = 'M';
        else MUST(pwrite(fd, "W", 1, i * 20));
    }
    show_bytes("map", map, 300);
    MUST(munmap(map, PAGE));
    MUST(close(fd));
    int m = 0, w = 0;
    char back[PAGE];
    fd = MUST(open("f", O_RDONLY));
    MUST(read(fd, back, PAGE));
    for (int i = 0; i < PAGE; i++) m += back[i] == 'M', w += back[i] == 'W';
    say("stores %d writes %d", m, w);
}

CASE(store_then_truncate_then_read) {
    make_file("f", 3 * PAGE, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = map_file(fd, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    memset(map, 'b', 3 * PAGE);
    DO(ftruncate(fd, PAGE + 100));
    DO(ftruncate(fd, 3 * PAGE));
    show_bytes("map", map, 3 * PAGE);
    show_content("f");
    show_stat("f");
}

CASE(store_beyond_the_end_in_the_last_page) {
    make_file("f", 100, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = map_file(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    memset(map + 100, 'b', PAGE - 100);
    DO(msync(map, PAGE, MS_SYNC));
    show_content("f");
    show_stat("f");
    DO(ftruncate(fd, 200));
    show_content("f");
    DO(munmap(map, PAGE));
    DO(ftruncate(fd, 300));
    show_content("f");
}

CASE(past_the_end) {
    make_file("f", PAGE + 10, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = map_file(fd, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    say("0 = %s", outcome_access(peek(map)));
    say("last byte = %s", outcome_access(peek(map + PAGE + 9)));
    say("rest of the last page = %s", outcome_access(peek(map + PAGE + 10)));
    say("next page = %s", outcome_access(peek(map + 2 * PAGE)));
    say("store into the next page = %s", outcome_access(poke(map + 2 * PAGE, 'x')));
    DO(ftruncate(fd, 3 * PAGE));
    say("next page after growing = %s", outcome_access(peek(map + 2 * PAGE)));
    say("store after growing = %s", outcome_access(poke(map + 2 * PAGE, 'x')));
    say("page after that = %s", outcome_access(peek(map + 3 * PAGE)));
    DO(ftruncate(fd, 10));
    say("after cutting = %s", outcome_access(peek(map + PAGE)));
    say("first page = %s", outcome_access(peek(map + 5)));
    say("beyond in the first page = %s", outcome_access(peek(map + 20)));
}

CASE(private_past_the_end) {
    make_file("f", 10, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = map_file(fd, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    say("store = %s", outcome_access(poke(map, 'b')));
    say("next page = %s", outcome_access(poke(map + PAGE, 'b')));
    DO(ftruncate(fd, 0));
    say("after cutting = %s", outcome_access(peek(map)));
    show_content("f");
}

CASE(empty_file) {
    make_text("f", "");
    int fd = MUST(open("f", O_RDWR));
    char *map = map_file(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    say("read = %s", outcome_access(peek(map)));
    say("store = %s", outcome_access(poke(map, 'x')));
    show_stat("f");
}

CASE(holes) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    MUST(ftruncate(fd, 10 * PAGE));
    char *map = map_file(fd, 10 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    say("hole = %s", outcome_access(peek(map + 3 * PAGE)));
    say("store = %s", outcome_access(poke(map + 5 * PAGE + 17, 'x')));
    DO(msync(map, 10 * PAGE, MS_SYNC));
    show_content("f");
    show_extents("f");
    show_fstat("f", fd);
}

CASE(store_into_allocated) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    MUST(fallocate(fd, 0, 0, 4 * PAGE));
    char *map = map_file(fd, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    say("before = %s", outcome_access(peek(map)));
    memset(map + PAGE, 'x', PAGE);
    DO(msync(map, 4 * PAGE, MS_ASYNC));
    show_content("f");
    show_fstat("f", fd);
}

CASE(protection) {
    make_file("f", PAGE, 'a');
    int r = MUST(open("f", O_RDONLY)), w = MUST(open("f", O_WRONLY));
    DO(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, r, 0) == MAP_FAILED);
    DO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, w, 0) == MAP_FAILED);
    DO(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, w, 0) == MAP_FAILED);
    DO(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, r, 0) == MAP_FAILED);
    DO(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, r, 0) == MAP_FAILED);
    char *map = map_file(r, PAGE, PROT_READ, MAP_SHARED);
    DO(mprotect(map, PAGE, PROT_READ | PROT_WRITE));
    say("store = %s", outcome_access(poke(map, 'x')));
}

CASE(directory_and_fifo) {
    make_kind("p", "fifo");
    DO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, MUST(open(".", O_RDONLY)), 0) == MAP_FAILED);
    DO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, MUST(open("p", O_RDWR)), 0) == MAP_FAILED);
}

CASE(offset) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    for (int i = 0; i < 8; i++) write_letters(fd, i * PAGE, PAGE, 'a' + i);
    char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 3 * PAGE);
    if (map == MAP_FAILED) {
        say("mmap = %s", outcome(-1));
        return;
    }
    show_bytes("map", map, 2 * PAGE);
    map[0] = 'X';
    show_fd_content("f", fd);
    DO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 100) == MAP_FAILED);
}

CASE(two_processes) {
    make_file("f", PAGE, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = map_file(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    IN_CHILD { map[7] = 'c'; }
    say("seen = %s", outcome_access(peek(map + 7)));
    IN_CHILD {
        int again = MUST(open("f", O_RDWR));
        char *other = map_file(again, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
        say("seen by another mapping = %s", outcome_access(peek(other + 7)));
        other[8] = 'd';
    }
    say("seen = %s", outcome_access(peek(map + 8)));
}

CASE(descriptor_closed) {
    make_file("f", 2 * PAGE, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = map_file(fd, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    DO(close(fd));
    map[PAGE] = 'z';
    show_content("f");
    MUST(rename("f", "g"));
    map[0] = 'y';
    MUST(munmap(map, 2 * PAGE));
    show_content("g");
}

CASE(store_after_the_file_was_replaced) {
    make_file("f", PAGE, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = map_file(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    make_file("g", PAGE, 'g');
    MUST(rename("g", "f"));
    map[0] = 'x';
    DO(msync(map, PAGE, MS_SYNC));
    show_content("f");
    show_fd_content("old", fd);
}

CASE(read_into_and_write_from_a_map) {
    make_file("f", 2 * PAGE, 'a');
    make_file("g", 2 * PAGE, 'b');
    int f = MUST(open("f", O_RDWR)), g = MUST(open("g", O_RDWR));
    char *map_f = map_file(f, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED), *map_g = map_file(g, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    DO(pread(f, map_g, PAGE, 0));
    DO(pwrite(f, map_g + PAGE, PAGE, PAGE));
    show_bytes("f", map_f, 2 * PAGE);
    show_content("f");
    show_content("g");
}

CASE(read_into_a_map_of_itself) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    write_letters(fd, 0, PAGE, 'a');
    write_letters(fd, PAGE, PAGE, 'b');
    char *map = map_file(fd, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    DO(pread(fd, map, PAGE, PAGE));
    show_content("f");
    DO(pwrite(fd, map, 100, PAGE + 50));
    show_content("f");
}

CASE(cached_reader_sees_later_writes) {
    // Pages that a reader cached must not be read after another descriptor has written.
    make_file("f", 100000, 'a');
    int reader = MUST(open("f", O_RDONLY));
    show_fd_content("before", reader);
    int writer = MUST(open("f", O_WRONLY));
    DO(pwrite(writer, "bbbb", 4, 50000));
    show_fd_content("after a write", reader);
    DO(ftruncate(writer, 60000));
    show_fd_content("after a cut", reader);
    DO(ftruncate(writer, 70000));
    show_fd_content("after growing", reader);
    DO(fallocate(writer, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8192, 4096));
    show_fd_content("after a punch", reader);
    int other = MUST(open("f", O_WRONLY | O_TRUNC));
    DO(write(other, "new", 3));
    show_fd_content("after O_TRUNC", reader);
}

CASE(locked_in_memory) {
    make_file("f", 4 * PAGE, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = map_file(fd, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    DO(mlock(map, 4 * PAGE));
    DO(madvise(map, 4 * PAGE, MADV_WILLNEED));
    DO(madvise(map, 4 * PAGE, MADV_DONTNEED));
    say("still = %s", outcome_access(peek(map)));
    DO(munlock(map, 4 * PAGE));
    map[0] = 'b';
    DO(madvise(map, 4 * PAGE, MADV_DONTNEED));
    say("stored = %s", outcome_access(peek(map)));
    DO(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
    DO(readahead(fd, 0, 4 * PAGE));
    show_content("f");
}

CASE(big) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    size_t size = 8 << 20;
    MUST(ftruncate(fd, size));
    char *map = map_file(fd, size, PROT_READ | PROT_WRITE, MAP_SHARED);
    for (size_t i = 0; i < size; i += PAGE) map[i + i / PAGE % 4000] = 'a' + i / PAGE % 26;
    MUST(msync(map, size, MS_SYNC));
    MUST(munmap(map, size));
    show_content("f");
    show_fstat("f", fd);
}

CASE(remap) {
    make_file("f", 4 * PAGE, 'a');
    int fd = MUST(open("f", O_RDWR));
    char *map = map_file(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    map = mremap(map, PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    say("mremap = %s", map == MAP_FAILED ? outcome(-1) : "ok");
    map[3 * PAGE] = 'r';
    show_content("f");
}
