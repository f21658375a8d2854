// Running one case and keeping its transcript; comparing two transcripts.
#pragma once

#include "cases.h"

extern struct test_case *cases;
extern int case_count;
extern const char *current_case;
// The time limit of a case.
extern int seconds_for_a_case;

struct transcript {
    char *text;
    char **lines;
    int count;
};

// Runs a case in a new directory under 'parent', which is removed again.
void run_case(const struct test_case *test, const char *parent, struct transcript *transcript);
void free_transcript(struct transcript *transcript);

// A known difference: tmpfs prints the line 'expected', the file system prints 'got'.
struct difference {
    char *expected, *got;
    bool ends;    // the case ends after 'got'
    bool applies; // to this kernel and libfuse
    bool used;
};

struct differences {
    struct difference *all;
    int count;
};

void read_differences(struct differences *differences, const char *file, const char *libfuse);

struct mismatch {
    const char *expected, *got;
};

// The number of wrong lines; the first 'room' of them are put into 'mismatches'. A known difference of this case that does
// not occur counts as a wrong line.
int compare_transcripts(
    const struct transcript *expected, const struct transcript *got, const char *name, struct differences *differences,
    struct mismatch *mismatches, int room);

// Whether a condition such as 'kernel < 6.6' holds here; one that can't be read ends the program, naming the line.
bool does_apply(const char *condition, const char *libfuse, const char *file, int number);

void read_newer(const char *file, const char *libfuse);
// The transcript of a newer tmpfs, for a case that this kernel's can't judge; NULL otherwise.
const struct transcript *newer_transcript(const char *name);
bool are_same_transcripts(const struct transcript *a, const struct transcript *b);
