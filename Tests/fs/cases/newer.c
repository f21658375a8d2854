// The lines of a newer kernel's tmpfs, for cases that this kernel's is too old to judge.
//
// The file has paragraphs; '#' starts a comment line:
//     reason: the old tmpfs lacks …               (at least one line)
//     when: kernel < 6.6                          (as in the file of known differences)
//     subject/name: step = outcome                (all lines of the case: the output of 'fscases show' on a newer tmpfs)
#include "runner.h"

#include <err.h>

static struct record {
    struct transcript transcript;
    bool applies;
} *records;
static int record_count;

static bool is_line_of(const char *line, const char *name) {
    size_t length = strlen(name);
    return !strncmp(line, name, length) && line[length] == ':';
}

static struct record *find_record(const char *name) {
    for (int i = 0; i < record_count; i++)
        if (is_line_of(records[i].transcript.lines[0], name)) return &records[i];
    return NULL;
}

static void add_line(char *line, bool applies) {
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(line, ":"), line);
    struct record *record = find_record(name);
    if (!record) {
        records = realloc(records, (record_count + 1) * sizeof *records);
        record = &records[record_count++];
        *record = (struct record){.applies = applies};
    }
    struct transcript *transcript = &record->transcript;
    transcript->lines = realloc(transcript->lines, (transcript->count + 1) * sizeof(char *));
    transcript->lines[transcript->count++] = strdup(line);
}

void read_newer(const char *file, const char *libfuse) {
    FILE *stream = fopen(file, "re");
    if (!stream) err(2, "%s", file);
    char *line = NULL;
    size_t room = 0;
    bool applies = true, has_reason = false;
    for (int number = 1; getline(&line, &room, stream) >= 0; number++) {
        line[strcspn(line, "\n")] = 0;
        if (line[0] == '#' || line[0] == 0) continue;
        if (!strncmp(line, "reason: ", 8)) has_reason = applies = true;
        else if (!strncmp(line, "when: ", 6)) applies = does_apply(line + 6, libfuse, file, number);
        else if (has_reason && strchr(line, '/') && strchr(line, ':')) add_line(line, applies);
        else errx(2, "%s:%d: this line is none of reason:, when:, or a case's under a reason", file, number);
    }
    free(line);
    fclose(stream);
}

const struct transcript *newer_transcript(const char *name) {
    struct record *record = find_record(name);
    return record && record->applies ? &record->transcript : NULL;
}

bool are_same_transcripts(const struct transcript *a, const struct transcript *b) {
    if (a->count != b->count) return false;
    for (int i = 0; i < a->count; i++)
        if (strcmp(a->lines[i], b->lines[i])) return false;
    return true;
}
