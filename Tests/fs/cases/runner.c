#include "runner.h"

#include <poll.h>

struct test_case *cases;
int case_count;
const char *current_case = "";

int seconds_for_a_case = 60;

// 'rename', 'no_replace' is shown as 'rename/no-replace'.
void register_case(const char *subject, const char *name, void (*run)(void)) {
    cases = realloc(cases, (case_count + 1) * sizeof *cases);
    char *shown = strdup(name);
    if (!cases || !shown) abort();
    for (char *at = shown; *at; at++)
        if (*at == '_') *at = '-';
    cases[case_count++] = (struct test_case){.subject = subject, .name = shown, .run = run};
}

// ---- removing a case's files

// Empties the working directory, without paths: a case may have made one deeper than PATH_MAX.
static int empty_here(void) {
    for (;;) {
        DIR *directory = opendir(".");
        if (!directory) return -1;
        char *names[512];
        int count = 0;
        for (struct dirent *entry; count < 512 && (entry = readdir(directory));)
            if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) names[count++] = strdup(entry->d_name);
        closedir(directory);
        if (count == 0) return 0;
        int result = 0;
        for (int i = 0; i < count; i++) {
            if (result == 0 && unlink(names[i]) < 0) {
                if (errno != EISDIR || chdir(names[i]) < 0) result = -1;
                else if (empty_here() < 0 || chdir("..") < 0 || rmdir(names[i]) < 0) result = -1;
            }
            free(names[i]);
        }
        if (result < 0) return -1;
    }
}

static int remove_tree(const char *path) {
    pid_t child = fork();
    if (child == 0) _exit(chdir(path) < 0 || empty_here() < 0 ? errno : 0);
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0) return errno;
    if (!WIFEXITED(status)) return EINTR;
    if (WEXITSTATUS(status)) return WEXITSTATUS(status);
    return rmdir(path) < 0 ? errno : 0;
}

// ---- running

static void run_in(const struct test_case *test, const char *directory, int output) {
    setpgid(0, 0);
    if (dup2(output, STDOUT_FILENO) < 0) _exit(97);
    close(output);
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    close(null);
    umask(022);
    if (chdir(directory) < 0) set_up_failed("chdir");
    test->run();
    _exit(0);
}

// Reads until the case and all its children have closed the pipe; returns false if the time is over before.
static bool read_output(int input, struct transcript *transcript) {
    size_t size = 0, room = 1 << 16;
    transcript->text = malloc(room);
    time_t end = time(NULL) + seconds_for_a_case;
    bool finished = false;
    for (;;) {
        struct pollfd wait = {.fd = input, .events = POLLIN};
        time_t left = end - time(NULL);
        if (left <= 0 || poll(&wait, 1, left * 1000) == 0) break;
        if (size + 8192 > room) transcript->text = realloc(transcript->text, room *= 2);
        ssize_t count = read(input, transcript->text + size, room - size - 400);
        if (count <= 0) {
            finished = true;
            break;
        }
        size += count;
    }
    transcript->text[size] = 0;
    return finished;
}

static void add_text(struct transcript *transcript, const char *text) {
    char *longer;
    if (asprintf(&longer, "%s%s: broken: %s\n", transcript->text, current_case, text) < 0) abort();
    free(transcript->text);
    transcript->text = longer;
}

static void split_lines(struct transcript *transcript) {
    int room = 0;
    transcript->lines = NULL;
    transcript->count = 0;
    for (char *line = strtok(transcript->text, "\n"); line; line = strtok(NULL, "\n")) {
        if (transcript->count == room) transcript->lines = realloc(transcript->lines, (room += 64) * sizeof(char *));
        transcript->lines[transcript->count++] = line;
    }
}

// The exit code of the child, 256 and the number of the signal that killed it, or -1 if it does not die.
static int reap(pid_t child) {
    int status;
    for (int i = 0; i < 100; i++) {
        if (waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
        usleep(i < 20 ? 1000 : 100000);
    }
    return -1;
}

void run_case(const struct test_case *test, const char *parent, struct transcript *transcript) {
    static char name[256], directory[PATH_MAX];
    snprintf(name, sizeof name, "%s/%s", test->subject, test->name);
    current_case = name;
    int pipes[2];
    *transcript = (struct transcript){.text = strdup("")};
    snprintf(directory, sizeof directory, "%s/case.%s-%s", parent, test->subject, test->name);
    if (mkdir(directory, 0755) < 0 || pipe2(pipes, O_CLOEXEC) < 0) {
        char text[100];
        snprintf(text, sizeof text, "no directory for it: %s", strerrorname_np(errno));
        add_text(transcript, text);
        split_lines(transcript);
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        run_in(test, directory, pipes[1]);
    }
    setpgid(child, child);
    close(pipes[1]);
    free(transcript->text);
    bool finished = read_output(pipes[0], transcript);
    close(pipes[0]);
    if (!finished) kill(-child, SIGKILL);
    int code = reap(child);
    char text[100];
    if (code < 0) add_text(transcript, "it hangs and can't be killed");
    else if (!finished) add_text(transcript, "it takes too long");
    else if (code >= 256) {
        snprintf(text, sizeof text, "it died of signal %d", code - 256);
        add_text(transcript, text);
    } else if (code != 0 && code != 98) {
        snprintf(text, sizeof text, "it ended with exit code %d", code);
        add_text(transcript, text);
    }
    int failure = code < 0 ? 0 : remove_tree(directory);
    if (failure) {
        snprintf(text, sizeof text, "its directory can't be removed: %s", strerrorname_np(failure));
        add_text(transcript, text);
    }
    split_lines(transcript);
}

void free_transcript(struct transcript *transcript) {
    free(transcript->lines);
    free(transcript->text);
}
