// Running one case and keeping what it printed; comparing two transcripts.
#pragma once

#include "cases.h"

extern struct test_case *cases;
extern int case_count;
extern const char *current_case;
// The longest that one may take.
extern int seconds_for_a_case;

struct transcript {
    char *text;
    char **lines;
    int count;
};

// Runs a case in a new directory under 'parent', which is removed again.
void run_case(const struct test_case *test, const char *parent, struct transcript *transcript);
void free_transcript(struct transcript *transcript);

// One known difference: where tmpfs prints one line, the file system prints the other.
struct difference {
    char *expected, *got;
    bool ends;    // and nothing more after it
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

// The number of lines that are wrong; the first 'room' of them are left in 'mismatches'. A difference of this case that is
// not to be seen counts as one.
int compare_transcripts(
    const struct transcript *expected, const struct transcript *got, const char *name, struct differences *differences,
    struct mismatch *mismatches, int room);

// Whether a condition such as 'kernel < 6.6' holds here; one that can't be read ends the program, naming the line.
bool does_apply(const char *condition, const char *libfuse, const char *file, int number);

void read_newer(const char *file, const char *libfuse);
// What a newer tmpfs shows in this case, when this kernel's is no judge of it; NULL otherwise.
const struct transcript *newer_transcript(const char *name);
bool are_same_transcripts(const struct transcript *a, const struct transcript *b);
