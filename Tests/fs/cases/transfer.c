// O_TMPFILE, O_DIRECT, copy_file_range(2), sendfile, splice, file handles.
#include "cases.h"
#include <sys/sendfile.h>

#define SUBJECT "transfer"

CASE(tmpfile) {
    int fd = NEED(open(".", O_TMPFILE | O_RDWR, 0640));
    show_fstat("new", fd);
    DO(write(fd, "abc", 3));
    show_dir(".");
    show_fd_content("new", fd);
}

CASE(tmpfile_linked) {
    int fd = NEED(open(".", O_TMPFILE | O_RDWR, 0640));
    MUST(write(fd, "abc", 3));
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    DO(linkat(AT_FDCWD, path, AT_FDCWD, "f", AT_SYMLINK_FOLLOW));
    show_stat("f");
    show_content("f");
    DO(linkat(AT_FDCWD, path, AT_FDCWD, "f", AT_SYMLINK_FOLLOW));
    DO(linkat(fd, "", AT_FDCWD, "g", AT_EMPTY_PATH));
    show_stat("g");
}

CASE(tmpfile_exclusive) {
    int fd = NEED(open(".", O_TMPFILE | O_EXCL | O_RDWR, 0640));
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    DO(linkat(AT_FDCWD, path, AT_FDCWD, "f", AT_SYMLINK_FOLLOW));
    show_fstat("new", fd);
}

CASE(tmpfile_bad) {
    make_text("f", "x");
    OPEN(open(".", O_TMPFILE | O_RDONLY, 0600));
    OPEN(open("f", O_TMPFILE | O_RDWR, 0600));
    OPEN(open("missing", O_TMPFILE | O_RDWR, 0600));
    MUST(mkdir("d", 0700));
    AS(ALICE, STAFF) { OPEN(open("d", O_TMPFILE | O_RDWR, 0600)); }
}

CASE(tmpfile_frees_at_close) {
    struct statfs before, after;
    MUST(statfs(".", &before));
    int fd = NEED(open(".", O_TMPFILE | O_RDWR, 0600));
    write_letters(fd, 0, 100000, 'a');
    MUST(statfs(".", &after));
    say("in use: blocks %ld inodes %ld", (long)(before.f_bfree - after.f_bfree), (long)(before.f_ffree - after.f_ffree));
    MUST(close(fd));
    MUST(statfs(".", &after));
    say("in use: blocks %ld inodes %ld", (long)(before.f_bfree - after.f_bfree), (long)(before.f_ffree - after.f_ffree));
}

CASE(direct) {
    int fd = NEED(open("f", O_CREAT | O_RDWR | O_DIRECT, 0644));
    char *data = letters(4 * PAGE, 'd'), *back = letters(4 * PAGE, '.');
    DO(pwrite(fd, data, 4 * PAGE, 0));
    DO(pread(fd, back, 4 * PAGE, 0));
    say("same = %d", !memcmp(data, back, 4 * PAGE));
    DO(pread(fd, back, PAGE, 4 * PAGE));
    show_fstat("f", fd);
    show_content("f");
}

CASE(direct_unaligned) {
    int fd = NEED(open("f", O_CREAT | O_RDWR | O_DIRECT, 0644));
    char *data = letters(2 * PAGE, 'd');
    DO(pwrite(fd, data, 100, 0));
    DO(pwrite(fd, data + 1, 512, 512));
    DO(pwrite(fd, data, PAGE, 77));
    char back[10];
    DO(pread(fd, back, 10, 3));
    show_fstat("f", fd);
    show_content("f");
}

CASE(direct_and_cached_together) {
    make_file("f", 8 * PAGE, 'a');
    int direct = NEED(open("f", O_RDWR | O_DIRECT)), cached = MUST(open("f", O_RDWR));
    char *back = letters(PAGE, '.');
    show_fd_content("cached", cached);
    DO(pwrite(direct, letters(PAGE, 'b'), PAGE, PAGE));
    show_fd_content("cached", cached);
    DO(pwrite(cached, letters(PAGE, 'c'), PAGE, 2 * PAGE));
    DO(pread(direct, back, PAGE, 2 * PAGE));
    show_bytes("direct", back, PAGE);
    char *map = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, cached, 0);
    if (map == MAP_FAILED) return;
    map[3 * PAGE] = 'm';
    DO(pread(direct, back, PAGE, 3 * PAGE));
    show_bytes("direct", back, PAGE);
    DO(pwrite(direct, letters(PAGE, 'e'), PAGE, 4 * PAGE));
    say("map = %s", outcome_access(peek(map + 4 * PAGE)));
}

CASE(direct_switched_by_fcntl) {
    make_file("f", PAGE, 'a');
    int fd = MUST(open("f", O_RDWR));
    DO(fcntl(fd, F_SETFL, O_DIRECT));
    DO(fcntl(fd, F_GETFL) & O_DIRECT ? 1 : 0);
    DO(pwrite(fd, letters(PAGE, 'b'), PAGE, 0));
    show_content("f");
}

CASE(copy) {
    make_file("f", 10000, 'a');
    int from = MUST(open("f", O_RDONLY)), to = MUST(open("g", O_CREAT | O_RDWR, 0644));
    loff_t in = 100, out = 5000;
    DO(copy_file_range(from, &in, to, &out, 4000, 0));
    say("offsets = %lld %lld", (long long)in, (long long)out);
    DO(copy_file_range(from, NULL, to, NULL, 100000, 0));
    DO(copy_file_range(from, NULL, to, NULL, 100000, 0));
    DO(lseek(from, 0, SEEK_CUR));
    DO(lseek(to, 0, SEEK_CUR));
    show_content("g");
    show_stat("g");
}

CASE(copy_bad) {
    make_file("f", 10000, 'a');
    MUST(mkdir("d", 0755));
    int r = MUST(open("f", O_RDONLY)), w = MUST(open("g", O_CREAT | O_WRONLY, 0644)), append = MUST(open("h", O_CREAT | O_WRONLY | O_APPEND, 0644));
    int directory = MUST(open("d", O_RDONLY)), rw = MUST(open("f", O_RDWR));
    loff_t in = 0, out = 0, overlap = 100, negative = -1;
    DO(copy_file_range(w, NULL, r, NULL, 100, 0));
    DO(copy_file_range(r, NULL, r, NULL, 100, 0));
    DO(copy_file_range(r, NULL, append, NULL, 100, 0));
    DO(copy_file_range(directory, NULL, w, NULL, 100, 0));
    DO(copy_file_range(r, NULL, w, NULL, 100, 1));
    DO(copy_file_range(rw, &in, rw, &overlap, 1000, 0));
    DO(copy_file_range(r, &negative, w, &out, 100, 0));
    show_stat("f");
    show_stat("g");
}

CASE(copy_in_one_file) {
    int fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
    write_letters(fd, 0, 5000, 'a');
    loff_t in = 0, out = 20000;
    DO(copy_file_range(fd, &in, fd, &out, 5000, 0));
    show_content("f");
    show_stat("f");
}

CASE(copy_of_holes) {
    int from = MUST(open("f", O_CREAT | O_RDWR, 0644)), to = MUST(open("g", O_CREAT | O_RDWR, 0644));
    MUST(ftruncate(from, 1 << 20));
    write_letters(from, 500000, 10, 'x');
    DO(copy_file_range(from, NULL, to, NULL, 1 << 20, 0));
    struct stat status;
    MUST(fstat(to, &status));
    say("size = %lld", (long long)status.st_size);
    show_content("g");
}

CASE(copy_after_store) {
    make_file("f", 2 * PAGE, 'a');
    int from = MUST(open("f", O_RDWR)), to = MUST(open("g", O_CREAT | O_RDWR, 0644));
    char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, from, 0);
    if (map == MAP_FAILED) {
        say("mmap = %s", outcome(-1));
        return;
    }
    map[10] = 'M';
    DO(copy_file_range(from, NULL, to, NULL, 2 * PAGE, 0));
    show_content("g");
    char *copy = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, to, 0);
    say("before = %s", outcome_access(peek(copy + 20)));
    loff_t in = 100, out = 20;
    map[100] = 'N';
    DO(copy_file_range(from, &in, to, &out, 1, 0));
    say("after = %s", outcome_access(peek(copy + 20)));
}

CASE(send_and_splice) {
    make_file("f", 100000, 'a');
    int from = MUST(open("f", O_RDONLY)), to = MUST(open("g", O_CREAT | O_RDWR, 0644)), pipes[2];
    DO(sendfile(to, from, NULL, 100000));
    show_content("g");
    MUST(pipe(pipes));
    loff_t in = 50, out = 7;
    DO(splice(from, &in, pipes[1], NULL, 3000, 0));
    DO(splice(pipes[0], NULL, to, &out, 3000, 0));
    show_stat("g");
}

CASE(clone_is_refused) {
    make_file("f", 100, 'a');
    int from = MUST(open("f", O_RDONLY)), to = MUST(open("g", O_CREAT | O_RDWR, 0644));
    DO(ioctl(to, FICLONE, from));
    show_stat("g");
}

// ---- handles

static int get_handle(const char *path, struct handle *handle) {
    int mount;
    handle->base.handle_bytes = sizeof handle->bytes;
    return name_to_handle_at(AT_FDCWD, path, &handle->base, &mount, 0);
}

static int open_handle(struct handle *handle, int flags) {
    int mount = MUST(open(".", O_RDONLY));
    int fd = open_by_handle_at(mount, &handle->base, flags), saved = errno;
    close(mount);
    errno = saved;
    return fd;
}

CASE(handle) {
    make_text("f", "data");
    struct handle handle;
    DO(get_handle("f", &handle));
    int fd = OPEN(open_handle(&handle, O_RDWR));
    show_fd_content("by handle", fd);
    DO(pwrite(fd, "DATA", 4, 0));
    show_content("f");
}

CASE(handle_survives_rename) {
    make_text("f", "data");
    MUST(mkdir("d", 0755));
    struct handle handle;
    DO(get_handle("f", &handle));
    MUST(rename("f", "d/g"));
    int fd = OPEN(open_handle(&handle, O_RDONLY));
    show_fd_content("by handle", fd);
}

CASE(handle_of_directory) {
    MUST(mkdir("d", 0755));
    make_text("d/f", "data");
    struct handle handle;
    DO(get_handle("d", &handle));
    int fd = OPEN(open_handle(&handle, O_RDONLY | O_DIRECTORY));
    OPEN(openat(fd, "f", O_RDONLY));
    struct stat a, b;
    MUST(fstatat(fd, "..", &a, 0));
    MUST(stat(".", &b));
    say(".. = %d", a.st_ino == b.st_ino);
}

// Waits until the inode is gone, for a second at most: FUSE sends the release after close(2) has returned, and keeps the inode until
// then.
static void wait_until_closed(struct handle *handle) {
    for (int i = 0; i < 100; i++) {
        int fd = open_handle(handle, O_RDONLY);
        if (fd < 0) return;
        MUST(close(fd));
        usleep(10000);
    }
}

CASE(handle_goes_stale) {
    make_text("f", "data");
    struct handle handle;
    DO(get_handle("f", &handle));
    MUST(unlink("f"));
    wait_until_closed(&handle);
    OPEN(open_handle(&handle, O_RDONLY));
    make_text("f", "another");
    OPEN(open_handle(&handle, O_RDONLY));
}

CASE(handle_stays_while_open) {
    make_text("f", "data");
    struct handle handle;
    DO(get_handle("f", &handle));
    int fd = MUST(open("f", O_RDONLY));
    MUST(unlink("f"));
    int again = open_handle(&handle, O_RDONLY);
    say("by handle = %s", outcome_fd(again));
    if (again >= 0) show_fd_content("by handle", again);
    MUST(close(fd));
}

CASE(handle_of_many) {
    static struct handle handles[500];
    for (int i = 0; i < 500; i++) {
        char name[16], text[16];
        snprintf(name, sizeof name, "f%d", i);
        snprintf(text, sizeof text, "text %d", i);
        make_text(name, text);
        MUST(get_handle(name, &handles[i]));
    }
    for (int i = 0; i < 500; i += 2) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        MUST(unlink(name));
    }
    for (int i = 0; i < 250; i++) {
        char name[16];
        snprintf(name, sizeof name, "g%d", i);
        make_text(name, "new");
    }
    int good = 0, stale = 0, wrong = 0;
    for (int i = 0; i < 500; i++) {
        int fd = open_handle(&handles[i], O_RDONLY);
        char text[16], back[16] = "";
        snprintf(text, sizeof text, "text %d", i);
        if (fd < 0) stale += errno == ESTALE;
        else {
            if (read(fd, back, 15) > 0 && !strcmp(text, back)) good++;
            else wrong++;
            close(fd);
        }
    }
    say("good %d stale %d wrong %d", good, stale, wrong);
}

CASE(handle_bad) {
    make_text("f", "data");
    struct handle handle, broken;
    MUST(get_handle("f", &handle));
    broken = handle;
    memset(broken.base.f_handle, 0xee, broken.base.handle_bytes);
    say("of nonsense = %d", open_handle(&broken, O_RDONLY) < 0);
    AS(ALICE, STAFF) { OPEN(open_handle(&handle, O_RDONLY)); }
    handle.base.handle_bytes = 0;
    int mount;
    DO(name_to_handle_at(AT_FDCWD, "f", &handle.base, &mount, 0));
    DO(name_to_handle_at(AT_FDCWD, "missing", &handle.base, &mount, 0));
}
