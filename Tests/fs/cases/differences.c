// Known differences, and the comparison of transcripts that allows for them.
//
// The file has paragraphs; '#' starts a comment line:
//     reason: why it is so                        (at least one line)
//     when: libfuse < 3.17                        (optional; also 'kernel < 6.6', and '>=' in place of '<'; of several all must hold)
//     tmpfs: subject/name: step = the outcome on tmpfs
//     oldmemfs: subject/name: step = the outcome on oldmemfs
// A last line that starts with 'oldmemfs-ends:' also says that the case ends there.
#include "runner.h"

#include <err.h>
#include <sys/utsname.h>

static bool is_older(const char *version, const char *than) {
    unsigned a[2] = {0}, b[2] = {0};
    sscanf(version, "%u.%u", &a[0], &a[1]);
    sscanf(than, "%u.%u", &b[0], &b[1]);
    return a[0] != b[0] ? a[0] < b[0] : a[1] < b[1];
}

bool does_apply(const char *condition, const char *libfuse, const char *file, int number) {
    struct utsname kernel;
    char subject[16], relation[3], than[16], rest[2];
    uname(&kernel);
    if (sscanf(condition, "%15s %2s %15s%1s", subject, relation, than, rest) == 3) {
        const char *version = !strcmp(subject, "libfuse") ? libfuse : !strcmp(subject, "kernel") ? kernel.release : NULL;
        if (version && !strcmp(relation, "<")) return is_older(version, than);
        if (version && !strcmp(relation, ">=")) return !is_older(version, than);
    }
    errx(2, "%s:%d: unknown condition '%s'", file, number, condition);
}

// The text after 'key:' and blanks, or NULL if the line has another key.
static char *value_of(char *line, const char *key) {
    size_t length = strlen(key);
    if (strncmp(line, key, length) || line[length] != ':') return NULL;
    line += length + 1;
    return line + strspn(line, " ");
}

void read_differences(struct differences *differences, const char *file, const char *libfuse) {
    FILE *stream = fopen(file, "re");
    if (!stream) err(2, "%s", file);
    char *line = NULL, *expected = NULL;
    size_t room = 0;
    bool applies = true, has_reason = false;
    for (int number = 1; getline(&line, &room, stream) >= 0; number++) {
        line[strcspn(line, "\n")] = 0;
        char *text;
        bool ends = false;
        if (line[0] == '#' || line[0] == 0) continue;
        if (value_of(line, "reason")) {
            has_reason = true;
            applies = true;
        } else if ((text = value_of(line, "when"))) applies &= does_apply(text, libfuse, file, number);
        else if ((text = value_of(line, "tmpfs"))) expected = strdup(text);
        else if ((text = value_of(line, "oldmemfs")) || (ends = true, text = value_of(line, "oldmemfs-ends"))) {
            if (!expected || !has_reason) errx(2, "%s:%d: a difference needs a reason and a line of tmpfs", file, number);
            differences->all = realloc(differences->all, (differences->count + 1) * sizeof *differences->all);
            differences->all[differences->count++] =
                (struct difference){.expected = expected, .got = strdup(text), .ends = ends, .applies = applies};
            expected = NULL;
        } else errx(2, "%s:%d: this line is none of reason:, when:, tmpfs:, oldmemfs:, oldmemfs-ends:", file, number);
    }
    free(line);
    fclose(stream);
}

static struct difference *find_difference(struct differences *differences, const char *expected, const char *got) {
    for (int i = 0; i < differences->count; i++) {
        struct difference *difference = &differences->all[i];
        if (difference->applies && !difference->used && !strcmp(difference->expected, expected) && !strcmp(difference->got, got))
            return difference;
    }
    return NULL;
}

static bool is_of_case(const struct difference *difference, const char *name) {
    size_t length = strlen(name);
    return !strncmp(difference->expected, name, length) && difference->expected[length] == ':';
}

int compare_transcripts(
    const struct transcript *expected, const struct transcript *got, const char *name, struct differences *differences,
    struct mismatch *mismatches, int room) {
    int count = 0, longer = expected->count > got->count ? expected->count : got->count;
    for (int i = 0; i < longer; i++) {
        const char *a = i < expected->count ? expected->lines[i] : NULL, *b = i < got->count ? got->lines[i] : NULL;
        if (a && b && !strcmp(a, b)) continue;
        struct difference *difference = a && b ? find_difference(differences, a, b) : NULL;
        if (difference) {
            difference->used = true;
            if (difference->ends && i + 1 == got->count) break;
            if (!difference->ends) continue;
        }
        if (count++ < room) mismatches[count - 1] = (struct mismatch){a, b};
    }
    for (int i = 0; i < differences->count; i++) {
        struct difference *difference = &differences->all[i];
        if (!difference->applies || difference->used || !is_of_case(difference, name)) continue;
        if (count++ < room) mismatches[count - 1] = (struct mismatch){difference->got, "no such line: the known difference is gone"};
    }
    return count;
}
