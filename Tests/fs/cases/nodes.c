// mknod(2): FIFOs, sockets, devices.
#include "cases.h"
#include <sys/stat.h>

#define SUBJECT "node"

CASE(each_kind) {
    EACH_KIND(kind) {
        make_kind(kind, kind);
        show_stat(kind);
    }
    show_dir(".");
}

CASE(regular) {
    DO(mknod("f", S_IFREG | 0640, 0));
    DO(mknod("g", 0640, 0));
    DO(mknod("h", S_IFREG | 06755, makedev(3, 4)));
    show_stat("f");
    show_stat("g");
    show_stat("h");
    int fd = MUST(open("f", O_RDWR));
    DO(write(fd, "abc", 3));
    show_content("f");
}

CASE(bad_kinds) {
    DO(mknod("d", S_IFDIR | 0755, 0));
    DO(mknod("l", S_IFLNK | 0755, 0));
    DO(mknod("x", 0170000 | 0644, 0));
    DO(mknod("y", 0030000 | 0644, 0));
    show_dir(".");
}

CASE(over_existing) {
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("mknod over %s = %s", kind, outcome(mknod(kind, S_IFIFO | 0600, 0)));
    }
    DO(mknod("missing/x", S_IFIFO | 0600, 0));
    DO(mknod("file/x", S_IFIFO | 0600, 0));
    DO(mknod("x/", S_IFIFO | 0600, 0));
    DO(mknod("", S_IFIFO | 0600, 0));
    show_dir(".");
}

CASE(mode_and_umask) {
    static const mode_t masks[] = {0, 022, 0777};
    for (int m = 0; m < 3; m++) {
        char name[32];
        umask(masks[m]);
        snprintf(name, sizeof name, "fifo%04o", masks[m]);
        MUST(mknod(name, S_IFIFO | 07777, 0));
        show_mode(name);
        snprintf(name, sizeof name, "dev%04o", masks[m]);
        MUST(mknod(name, S_IFCHR | 0666, makedev(1, 3)));
        show_mode(name);
    }
}

CASE(device_numbers) {
    static const unsigned numbers[][2] = {{0, 0}, {1, 3}, {255, 255}, {256, 256}, {4095, 0}, {0, 1048575}, {4095, 1048575}, {511, 65536}};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char name[32];
        snprintf(name, sizeof name, "c%u", i);
        say("mknod %u:%u = %s", numbers[i][0], numbers[i][1], outcome(mknod(name, S_IFCHR | 0600, makedev(numbers[i][0], numbers[i][1]))));
        show_stat(name);
        snprintf(name, sizeof name, "b%u", i);
        say("mknod block = %s", outcome(mknod(name, S_IFBLK | 0600, makedev(numbers[i][0], numbers[i][1]))));
        show_stat(name);
    }
}

CASE(devices_work) {
    MUST(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
    MUST(mknod("zero", S_IFCHR | 0666, makedev(1, 5)));
    MUST(mknod("full", S_IFCHR | 0666, makedev(1, 7)));
    char bytes[8] = "abcdefg";
    int null = NEED(open("null", O_RDWR));
    DO(write(null, bytes, 8));
    DO(read(null, bytes, 8));
    int zero = NEED(open("zero", O_RDWR));
    DO(read(zero, bytes, 8));
    show_bytes("zero", bytes, 8);
    int full = NEED(open("full", O_RDWR));
    DO(write(full, bytes, 8));
    show_stat("null");
}

CASE(fifo_passes_data) {
    MUST(mkfifo("p", 0600));
    pid_t child = MUST(fork());
    if (child == 0) {
        int fd = open("p", O_WRONLY);
        for (int i = 0; i < 100; i++)
            if (write(fd, letters(1000, 'a' + i % 26), 1000) != 1000) _exit(1);
        _exit(0);
    }
    int fd = MUST(open("p", O_RDONLY));
    char bytes[5000];
    long total = 0;
    for (ssize_t count; (count = read(fd, bytes, sizeof bytes)) > 0;) total += count;
    say("received = %ld", total);
    int status;
    MUST(waitpid(child, &status, 0));
    say("sender = %d", status);
    show_stat("p");
}

CASE(fifo_seek_and_truncate) {
    MUST(mkfifo("p", 0600));
    int fd = MUST(open("p", O_RDWR | O_NONBLOCK));
    char bytes[8];
    DO(read(fd, bytes, 8));
    DO(lseek(fd, 0, SEEK_SET));
    DO(ftruncate(fd, 0));
    DO(truncate("p", 0));
    DO(fallocate(fd, 0, 0, 10));
    DO(pread(fd, bytes, 1, 0));
}

CASE(socket_bind_and_connect) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "s"};
    int server = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    umask(027);
    DO(bind(server, (struct sockaddr *)&address, sizeof address));
    show_stat("s");
    DO(listen(server, 4));
    int client = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    DO(connect(client, (struct sockaddr *)&address, sizeof address));
    int other = MUST(accept(server, NULL, NULL));
    char bytes[8];
    DO(write(client, "hello", 5));
    DO(read(other, bytes, 8));
    int second = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    DO(bind(second, (struct sockaddr *)&address, sizeof address));
    DO(rename("s", "moved"));
    strcpy(address.sun_path, "moved");
    DO(connect(second, (struct sockaddr *)&address, sizeof address));
    DO(unlink("moved"));
    int third = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    DO(connect(third, (struct sockaddr *)&address, sizeof address));
}

CASE(socket_file_without_listener) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "s"};
    make_kind("s", "socket");
    int client = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    DO(connect(client, (struct sockaddr *)&address, sizeof address));
    make_text("f", "x");
    strcpy(address.sun_path, "f");
    DO(connect(client, (struct sockaddr *)&address, sizeof address));
}

CASE(as_user) {
    MUST(chmod(".", 0777));
    AS(ALICE, STAFF) {
        DO(mknod("fifo", S_IFIFO | 0600, 0));
        DO(mknod("socket", S_IFSOCK | 0600, 0));
        DO(mknod("file", S_IFREG | 0600, 0));
        DO(mknod("char", S_IFCHR | 0600, makedev(1, 3)));
        DO(mknod("block", S_IFBLK | 0600, makedev(7, 0)));
        DO(mknod("whiteout", S_IFCHR | 0600, makedev(0, 0)));
        show_dir(".");
    }
    show_stat("fifo");
    show_stat("file");
}

CASE(truncate_each_kind) {
    EACH_KIND(kind) {
        make_kind(kind, kind);
        say("truncate of %s = %s", kind, outcome(truncate(kind, 0)));
    }
}

CASE(device_times_and_mode) {
    make_kind("char", "char");
    DO(chmod("char", 0600));
    DO(chown("char", ALICE, STAFF));
    struct timespec times[2] = {{1000, 1}, {2000, 2}};
    DO(utimensat(AT_FDCWD, "char", times, 0));
    struct stat status;
    MUST(stat("char", &status));
    say("times = %ld.%ld %ld.%ld", (long)status.st_atim.tv_sec, status.st_atim.tv_nsec, (long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    show_stat("char");
    DO(link("char", "char2"));
    DO(rename("char2", "char3"));
    show_stat("char3");
}
