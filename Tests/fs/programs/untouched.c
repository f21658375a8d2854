// Compares a vmcore that was mounted with its original: only reusable pages may differ.
#include "check.h"

#include <elf.h>

static const char manual[] =
    "fsuntouched: whether a vmcore differs from its original in reusable pages only\n"
    "\n"
    "usage:\n"
    "  fsuntouched ORIGINAL COPY RANGES     compare; prints the number of pages of each kind that differ\n"
    "  fsuntouched --first-kept ORIGINAL RANGES\n"
    "                                       print the file offset of a page that must not change\n"
    "\n"
    "RANGES is the output of 'oldmemfs scan --ranges'.\n"
    "Exit codes: 0 no other page differs, 1 some do, 2 wrong usage.\n";

struct file {
    const unsigned char *bytes;
    size_t size;
};

static struct file map_file(const char *path) {
    struct stat status;
    int fd = MUST(open(path, O_RDONLY));
    MUST(fstat(fd, &status));
    struct file file = {mmap(NULL, status.st_size, PROT_READ, MAP_SHARED, fd, 0), status.st_size};
    if (file.bytes == MAP_FAILED) err(2, "%s", path);
    MUST(close(fd));
    return file;
}

// One bit for each page that may be overwritten, by PFN.
static unsigned char *reusable;
static uint64_t pfns;

static void read_ranges(const char *path) {
    FILE *stream = fopen(path, "re");
    unsigned long long first, count;
    char class[64];
    if (!stream) err(2, "%s", path);
    while (fscanf(stream, "%llu %llu %63s", &first, &count, class) == 3) {
        if (first + count > pfns) {
            // A multiple of 8, so that whole bytes are added and cleared.
            uint64_t more = (first + count) * 2 / 8 * 8 + 8;
            reusable = realloc(reusable, more / 8);
            if (!reusable) err(2, "ranges");
            memset(reusable + pfns / 8, 0, (more - pfns) / 8);
            pfns = more;
        }
        for (uint64_t pfn = first; pfn < first + count; pfn++) reusable[pfn / 8] |= 1 << pfn % 8;
    }
    if (!feof(stream) || pfns == 0) errx(2, "%s: not the output of scan --ranges", path);
    fclose(stream);
}

static bool is_reusable(uint64_t pfn) { return pfn < pfns && reusable[pfn / 8] & 1 << pfn % 8; }

static const Elf64_Phdr *segments_of(const struct file *core, int *count) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)core->bytes;
    if (core->size < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG)) errx(2, "no ELF file");
    if (header->e_phoff + header->e_phnum * sizeof(Elf64_Phdr) > core->size) errx(2, "a short ELF file");
    *count = header->e_phnum;
    return (const Elf64_Phdr *)(core->bytes + header->e_phoff);
}

static int print_first_kept(const struct file *core) {
    int count;
    const Elf64_Phdr *segments = segments_of(core, &count);
    for (int i = 0; i < count; i++)
        for (uint64_t at = 0; segments[i].p_type == PT_LOAD && at + PAGE <= segments[i].p_filesz; at += PAGE)
            if (segments[i].p_paddr >= 1 << 20 && !is_reusable((segments[i].p_paddr + at) / PAGE)) {
                printf("%llu\n", (unsigned long long)(segments[i].p_offset + at));
                return 0;
            }
    errx(2, "every page may be overwritten");
}

static int compare_all(const struct file *original, const struct file *copy) {
    long changed = 0, harmed = 0;
    int count;
    const Elf64_Phdr *segments = segments_of(original, &count);
    uint64_t data = original->size;
    if (original->size != copy->size) errx(2, "sizes differ: %zu and %zu bytes", original->size, copy->size);
    for (int i = 0; i < count; i++) {
        if (segments[i].p_type != PT_LOAD) continue;
        if (segments[i].p_offset < data) data = segments[i].p_offset;
        for (uint64_t at = 0; at < segments[i].p_filesz; at += PAGE) {
            uint64_t offset = segments[i].p_offset + at, size = segments[i].p_filesz - at < PAGE ? segments[i].p_filesz - at : PAGE;
            if (offset + size > original->size) errx(2, "a segment beyond the end of the file");
            if (!memcmp(original->bytes + offset, copy->bytes + offset, size)) continue;
            if (is_reusable((segments[i].p_paddr + at) / PAGE)) changed++;
            else if (harmed++ < 10) printf("page %#llx differs and is not reusable\n", (unsigned long long)((segments[i].p_paddr + at) / PAGE));
        }
    }
    if (memcmp(original->bytes, copy->bytes, data)) {
        puts("the headers differ");
        harmed++;
    }
    printf("%ld reusable pages differ, %ld others\n", changed, harmed);
    return harmed || !changed;
}

int main(int count, char **words) {
    if (count != 4) return fputs(manual, stderr), 2;
    read_ranges(words[3]);
    if (!strcmp(words[1], "--first-kept")) {
        struct file core = map_file(words[2]);
        return print_first_kept(&core);
    }
    struct file original = map_file(words[1]), copy = map_file(words[2]);
    return compare_all(&original, &copy);
}
