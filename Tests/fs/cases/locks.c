// fcntl record locks, open file description locks, flock, leases.
#include "cases.h"

#define SUBJECT "lock"

static int record(int fd, int command, short type, off_t start, off_t length) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return fcntl(fd, command, &lock);
}

static void show_lock(int fd, int command, short type, off_t start, off_t length) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    if (fcntl(fd, command, &lock) < 0) say("asked at %lld = %s", (long long)start, outcome(-1));
    else if (lock.l_type == F_UNLCK) say("asked at %lld = free", (long long)start);
    else say("asked at %lld = %s %lld+%lld", (long long)start, lock.l_type == F_RDLCK ? "read" : "write", (long long)lock.l_start, (long long)lock.l_len);
}

CASE(records_between_processes) {
    make_text("f", "0123456789");
    int fd = MUST(open("f", O_RDWR));
    DO(record(fd, F_SETLK, F_WRLCK, 2, 3));
    IN_CHILD {
        DO(record(fd, F_SETLK, F_WRLCK, 0, 2));
        DO(record(fd, F_SETLK, F_WRLCK, 4, 1));
        DO(record(fd, F_SETLK, F_RDLCK, 2, 1));
        DO(record(fd, F_SETLK, F_WRLCK, 5, 0));
        show_lock(fd, F_GETLK, F_WRLCK, 0, 0);
    }
    DO(record(fd, F_SETLK, F_UNLCK, 3, 1));
    IN_CHILD {
        DO(record(fd, F_SETLK, F_WRLCK, 3, 1));
        show_lock(fd, F_GETLK, F_WRLCK, 4, 1);
    }
}

CASE(records_shared) {
    make_text("f", "0123456789");
    int fd = MUST(open("f", O_RDWR));
    DO(record(fd, F_SETLK, F_RDLCK, 0, 0));
    IN_CHILD {
        DO(record(fd, F_SETLK, F_RDLCK, 0, 0));
        DO(record(fd, F_SETLK, F_WRLCK, 0, 0));
    }
    DO(record(fd, F_SETLK, F_WRLCK, 0, 0));
}

CASE(records_by_access_mode) {
    make_text("f", "0123456789");
    int r = MUST(open("f", O_RDONLY)), w = MUST(open("f", O_WRONLY));
    DO(record(r, F_SETLK, F_WRLCK, 0, 0));
    DO(record(w, F_SETLK, F_RDLCK, 0, 0));
    DO(record(r, F_SETLK, F_RDLCK, 0, 0));
    DO(record(w, F_SETLK, F_WRLCK, 0, 0));
    DO(record(w, F_SETLK, 77, 0, 0));
    DO(record(w, F_SETLK, F_WRLCK, -1, 1));
}

CASE(records_go_with_a_close) {
    make_text("f", "0123456789");
    int fd = MUST(open("f", O_RDWR)), other = MUST(open("f", O_RDONLY));
    DO(record(fd, F_SETLK, F_WRLCK, 0, 0));
    IN_CHILD { show_lock(fd, F_GETLK, F_WRLCK, 0, 0); }
    DO(close(other));
    IN_CHILD { show_lock(fd, F_GETLK, F_WRLCK, 0, 0); }
}

CASE(records_wait) {
    make_text("f", "0123456789");
    int fd = MUST(open("f", O_RDWR)), pipes[2];
    MUST(pipe(pipes));
    pid_t child = MUST(fork());
    if (child == 0) {
        MUST(record(fd, F_SETLK, F_WRLCK, 0, 0));
        MUST(write(pipes[1], "x", 1));
        usleep(100000);
        MUST(pwrite(fd, "child", 5, 0));
        _exit(0);
    }
    char byte;
    MUST(read(pipes[0], &byte, 1));
    DO(record(fd, F_SETLKW, F_WRLCK, 0, 0));
    show_content("f");
    MUST(waitpid(child, NULL, 0));
}

CASE(records_wait_is_interrupted) {
    make_text("f", "0123456789");
    int fd = MUST(open("f", O_RDWR)), pipes[2];
    MUST(pipe(pipes));
    pid_t child = MUST(fork());
    if (child == 0) {
        MUST(record(fd, F_SETLK, F_WRLCK, 0, 0));
        MUST(write(pipes[1], "x", 1));
        pause();
        _exit(0);
    }
    char byte;
    MUST(read(pipes[0], &byte, 1));
    pid_t waiter = MUST(fork());
    if (waiter == 0) {
        record(fd, F_SETLKW, F_WRLCK, 0, 0);
        _exit(0);
    }
    usleep(100000);
    DO(kill(waiter, SIGTERM));
    int status;
    MUST(waitpid(waiter, &status, 0));
    say("waiter ended by signal %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    MUST(kill(child, SIGKILL));
    MUST(waitpid(child, NULL, 0));
    DO(record(fd, F_SETLKW, F_WRLCK, 0, 0));
}

CASE(records_deadlock) {
    make_text("f", "0123456789");
    int fd = MUST(open("f", O_RDWR)), pipes[2];
    MUST(pipe(pipes));
    MUST(record(fd, F_SETLK, F_WRLCK, 0, 1));
    pid_t child = MUST(fork());
    if (child == 0) {
        MUST(record(fd, F_SETLK, F_WRLCK, 1, 1));
        MUST(write(pipes[1], "x", 1));
        record(fd, F_SETLKW, F_WRLCK, 0, 1);
        _exit(0);
    }
    char byte;
    MUST(read(pipes[0], &byte, 1));
    usleep(100000);
    DO(record(fd, F_SETLKW, F_WRLCK, 1, 1));
    MUST(record(fd, F_SETLK, F_UNLCK, 0, 0));
    MUST(waitpid(child, NULL, 0));
}

CASE(descriptions) {
    make_text("f", "0123456789");
    int a = MUST(open("f", O_RDWR)), b = MUST(open("f", O_RDWR)), copy = MUST(dup(a));
    DO(record(a, F_OFD_SETLK, F_WRLCK, 0, 5));
    DO(record(b, F_OFD_SETLK, F_WRLCK, 4, 1));
    DO(record(b, F_OFD_SETLK, F_WRLCK, 5, 1));
    DO(record(copy, F_OFD_SETLK, F_WRLCK, 0, 2));
    show_lock(b, F_OFD_GETLK, F_WRLCK, 0, 1);
    DO(record(a, F_SETLK, F_WRLCK, 0, 1));
    DO(close(a));
    DO(record(b, F_OFD_SETLK, F_WRLCK, 0, 1));
    DO(close(copy));
    DO(record(b, F_OFD_SETLK, F_WRLCK, 0, 1));
}

CASE(whole_files) {
    make_text("f", "0123456789");
    int a = MUST(open("f", O_RDWR)), b = MUST(open("f", O_RDONLY));
    DO(flock(a, LOCK_EX));
    DO(flock(b, LOCK_EX | LOCK_NB));
    DO(flock(b, LOCK_SH | LOCK_NB));
    DO(flock(a, LOCK_SH));
    DO(flock(b, LOCK_SH | LOCK_NB));
    DO(flock(a, LOCK_EX | LOCK_NB));
    DO(flock(b, LOCK_UN));
    DO(flock(a, LOCK_EX | LOCK_NB));
    DO(close(a));
    DO(flock(b, LOCK_EX | LOCK_NB));
    DO(flock(b, 77));
}

CASE(whole_files_and_records_apart) {
    make_text("f", "0123456789");
    int a = MUST(open("f", O_RDWR)), b = MUST(open("f", O_RDWR));
    DO(flock(a, LOCK_EX));
    DO(record(b, F_OFD_SETLK, F_WRLCK, 0, 0));
}

CASE(whole_files_with_fork) {
    make_text("f", "0123456789");
    int a = MUST(open("f", O_RDWR));
    DO(flock(a, LOCK_EX));
    IN_CHILD {
        DO(flock(a, LOCK_EX | LOCK_NB));
        int b = MUST(open("f", O_RDWR));
        DO(flock(b, LOCK_EX | LOCK_NB));
        DO(flock(a, LOCK_UN));
        DO(flock(b, LOCK_EX | LOCK_NB));
    }
    DO(flock(a, LOCK_EX | LOCK_NB));
}

CASE(whole_files_wait) {
    make_text("f", "0123456789");
    int pipes[2];
    MUST(pipe(pipes));
    pid_t child = MUST(fork());
    if (child == 0) {
        int fd = MUST(open("f", O_RDWR));
        MUST(flock(fd, LOCK_EX));
        MUST(write(pipes[1], "x", 1));
        usleep(100000);
        MUST(pwrite(fd, "child", 5, 0));
        _exit(0);
    }
    char byte;
    MUST(read(pipes[0], &byte, 1));
    DO(flock(MUST(open("f", O_RDWR)), LOCK_EX));
    show_content("f");
    MUST(waitpid(child, NULL, 0));
}

CASE(of_directories) {
    MUST(mkdir("d", 0755));
    int a = MUST(open("d", O_RDONLY)), b = MUST(open("d", O_RDONLY));
    DO(flock(a, LOCK_EX));
    DO(flock(b, LOCK_EX | LOCK_NB));
    DO(record(a, F_SETLK, F_RDLCK, 0, 0));
}

CASE(of_unlinked_files) {
    make_text("f", "x");
    int a = MUST(open("f", O_RDWR)), b = MUST(open("f", O_RDWR));
    MUST(unlink("f"));
    DO(record(a, F_OFD_SETLK, F_WRLCK, 0, 0));
    DO(record(b, F_OFD_SETLK, F_WRLCK, 0, 0));
    DO(flock(a, LOCK_EX));
    DO(flock(b, LOCK_EX | LOCK_NB));
}
