// Lists the cases, runs them, and compares what they see in two directories.
#include "runner.h"

#include <err.h>
#include <fnmatch.h>

enum { EXIT_ALL_PASSED = 0, EXIT_SOME_FAILED = 1, EXIT_USAGE = 2, EXIT_GONE = 3 };

static const char manual[] =
    "fscases: POSIX cases for a mounted file system, judged by a real tmpfs\n"
    "\n"
    "usage:\n"
    "  fscases list [PATTERN...]                  the cases' names\n"
    "  fscases show DIR [PATTERN...]              run cases in DIR and print their lines\n"
    "  fscases compare TMPFS DIR [OPTIONS] [PATTERN...]\n"
    "                                             run each case in TMPFS, then in DIR; it passes\n"
    "                                             if its lines are the same in both\n"
    "\n"
    "A PATTERN is a shell pattern for names such as 'rename/exchange'; 'rename' alone means all of its\n"
    "cases.\n"
    "\n"
    "options of compare:\n"
    "  --differences FILE   the known and intended differences\n"
    "  --newer FILE         the lines of a newer tmpfs, for cases that this kernel's is too old to judge\n"
    "  --libfuse VERSION    the libfuse of DIR's file system, for differences that depend on it\n"
    "  --after CASE         leave out the cases up to this one\n"
    "  --lines N            show up to N lines of each case that differ (default 6)\n"
    "  --seconds N          the time limit of a case (default 60)\n"
    "  --quiet              no line for a case that passes\n"
    "\n"
    "It needs root, and closes with 'N passed, N failed'.\n"
    "Exit codes: 0 all passed, 1 some failed, 2 wrong usage, 3 DIR stopped answering: the last line of\n"
    "output is then 'gone after CASE'.\n";

static bool is_wanted(const struct test_case *test, char **patterns) {
    if (!*patterns) return true;
    char name[256];
    snprintf(name, sizeof name, "%s/%s", test->subject, test->name);
    for (char **pattern = patterns; *pattern; pattern++)
        if (!strcmp(*pattern, test->subject) || fnmatch(*pattern, name, 0) == 0) return true;
    return false;
}

static int list(char **patterns) {
    for (int i = 0; i < case_count; i++)
        if (is_wanted(&cases[i], patterns)) printf("%s/%s\n", cases[i].subject, cases[i].name);
    return EXIT_ALL_PASSED;
}

static int show(const char *directory, char **patterns) {
    for (int i = 0; i < case_count; i++) {
        if (!is_wanted(&cases[i], patterns)) continue;
        struct transcript transcript;
        run_case(&cases[i], directory, &transcript);
        for (int line = 0; line < transcript.count; line++) puts(transcript.lines[line]);
        free_transcript(&transcript);
    }
    return EXIT_ALL_PASSED;
}

// ---- comparing

struct comparison {
    const char *reference, *directory;
    bool quiet;
    int passed, failed, most_lines;
};

static void report(struct comparison *comparison, const char *name, bool good) {
    if (good) comparison->passed++;
    else comparison->failed++;
    if (!good) printf("FAILED  %s\n", name);
    else if (!comparison->quiet) printf("ok      %s\n", name);
}

// Why a transcript can't be the reference: it is empty, or the case itself did not work. NULL if it can.
static const char *fault_of_reference(const struct transcript *transcript) {
    if (transcript->count == 0) return "it prints nothing";
    for (int i = 0; i < transcript->count; i++)
        if (strstr(transcript->lines[i], ": set-up failed: ") || strstr(transcript->lines[i], ": broken: ")) return transcript->lines[i];
    return NULL;
}

static void compare_case(struct comparison *comparison, const struct test_case *test, struct differences *differences) {
    char name[256];
    snprintf(name, sizeof name, "%s/%s", test->subject, test->name);
    struct transcript expected, got;
    run_case(test, comparison->reference, &expected);
    const struct transcript *judge = newer_transcript(name);
    const char *fault = judge ? NULL : fault_of_reference(&expected);
    if (fault) {
        report(comparison, name, false);
        printf("        no judge on tmpfs: %s\n", fault);
        free_transcript(&expected);
        return;
    }
    if (judge && are_same_transcripts(judge, &expected)) {
        report(comparison, name, false);
        puts("        this kernel's tmpfs is a good judge: the lines of a newer one are not needed");
        free_transcript(&expected);
        return;
    }
    run_case(test, comparison->directory, &got);
    int room = comparison->most_lines;
    struct mismatch *mismatches = calloc(room, sizeof *mismatches);
    int count = compare_transcripts(judge ? judge : &expected, &got, name, differences, mismatches, room);
    report(comparison, name, count == 0);
    for (int i = 0; i < count && i < room; i++) {
        if (mismatches[i].expected) printf("        expected  %s\n", mismatches[i].expected);
        printf("        got       %s\n", mismatches[i].got ? mismatches[i].got : "(nothing)");
    }
    if (count > room) printf("        and %d more lines\n", count - room);
    free(mismatches);
    free_transcript(&expected);
    free_transcript(&got);
}

static bool is_gone(const char *directory) {
    struct statfs status;
    return statfs(directory, &status) < 0;
}

static int compare(char **words) {
    struct comparison comparison = {.reference = words[0], .directory = words[1], .most_lines = 6};
    struct differences differences = {0};
    const char *after = NULL, *libfuse = "0", *file = NULL, *newer = NULL;
    words += 2;
    for (; *words && !strncmp(*words, "--", 2); words++) {
        if (!strcmp(*words, "--quiet")) comparison.quiet = true;
        else if (!words[1]) errx(EXIT_USAGE, "%s needs a value", *words);
        else if (!strcmp(*words, "--differences")) file = *++words;
        else if (!strcmp(*words, "--newer")) newer = *++words;
        else if (!strcmp(*words, "--libfuse")) libfuse = *++words;
        else if (!strcmp(*words, "--after")) after = *++words;
        else if (!strcmp(*words, "--lines")) comparison.most_lines = atoi(*++words);
        else if (!strcmp(*words, "--seconds")) seconds_for_a_case = atoi(*++words);
        else errx(EXIT_USAGE, "unknown option %s", *words);
    }
    if (file) read_differences(&differences, file, libfuse);
    if (newer) read_newer(newer, libfuse);
    for (int i = 0; i < case_count; i++) {
        char name[256];
        snprintf(name, sizeof name, "%s/%s", cases[i].subject, cases[i].name);
        if (after) {
            if (!strcmp(name, after)) after = NULL;
            continue;
        }
        if (!is_wanted(&cases[i], words)) continue;
        compare_case(&comparison, &cases[i], &differences);
        fflush(stdout);
        if (is_gone(comparison.directory)) {
            printf("%d passed, %d failed\ngone after %s\n", comparison.passed, comparison.failed, name);
            return EXIT_GONE;
        }
    }
    printf("%d passed, %d failed\n", comparison.passed, comparison.failed);
    return comparison.failed || !comparison.passed ? EXIT_SOME_FAILED : EXIT_ALL_PASSED;
}

// ---- a copy of this program, run by a case

static int run_as_program(char **words) {
    if (words[0] && !strcmp(words[0], "ids")) {
        uid_t uid, effective_uid, saved_uid;
        gid_t gid, effective_gid, saved_gid;
        getresuid(&uid, &effective_uid, &saved_uid);
        getresgid(&gid, &effective_gid, &saved_gid);
        current_case = words[1];
        say("program runs as uid %u/%u gid %u/%u", uid, effective_uid, gid, effective_gid);
        return 0;
    }
    return 42;
}

int main(int count, char **words) {
    signal(SIGPIPE, SIG_IGN);
    // As the interpreter of a '#!' line, it gets the script's name first.
    for (int i = 1; i + 1 < count && i < 3; i++)
        if (!strcmp(words[i], "--as-program")) return run_as_program(words + i + 1);
    if (count > 1 && (!strcmp(words[1], "-h") || !strcmp(words[1], "--help"))) {
        fputs(manual, stdout);
        return EXIT_ALL_PASSED;
    }
    if (count > 1 && !strcmp(words[1], "list")) return list(words + 2);
    if (geteuid() != 0) errx(EXIT_USAGE, "needs root");
    if (count > 2 && !strcmp(words[1], "show")) return show(words[2], words + 3);
    if (count > 3 && !strcmp(words[1], "compare")) return compare(words + 2);
    fputs(manual, stderr);
    return EXIT_USAGE;
}
