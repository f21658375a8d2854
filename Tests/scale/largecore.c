// largecore: writes a vmcore of a machine with GIB of memory, as a sparse file of a few MiB.
//
// Usage: largecore GIB FILE
//
// Memory lies from 1 MiB to 3 GiB, and from 4 GiB on. The layout is a kernel 7's with four-level paging. Struct pages look real: free
// blocks of all orders, page cache small and large, anonymous memory and huge pages, slabs and the kernel's own. One section in each 64 GiB
// is free as a whole. The file has struct pages for nine sections only, and page tables that map these again and again, which keeps it small.
// Kernel 7's tail pages hold a mask and no address, so that the same ones can serve every section (set_compound_head,
// include/linux/page-flags.h, 7.1).
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GIB (1ULL << 30)
#define MIB (1ULL << 20)
#define DIRECT 0xffff888000000000ULL
#define VMEMMAP 0xffffea0000000000ULL
#define TEXT 0xffffffff80000000ULL
#define SECTION_PAGES 32768
#define TEMPLATES 8

// Physical addresses.
#define TOP_TABLE (16 * MIB)
#define UPPER_TABLE (TOP_TABLE + 4096)
#define MIDDLE_TABLE (TOP_TABLE + 8192)
#define SECTION_ARRAY (17 * MIB)
#define SECTION_ROOT (18 * MIB)
#define STRUCT_PAGES (32 * MIB)

// Bits of page->flags, and types in _mapcount.
enum { PG_LRU = 5, PG_HEAD = 6, PG_PRIVATE = 14, PG_SWAPBACKED = 17 };
#define BUDDY 0xf0000000u
#define SLAB 0xf5000000u

struct page {
  uint64_t flags, compound, spare, mapping, index, private;
  uint32_t mapcount, refcount;
  uint64_t end;
};

static int file;
static const uint64_t data_offset = 1 * MIB;

static void fail(const char *what) {
  fprintf(stderr, "largecore: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void put(const void *bytes, size_t count, uint64_t offset) {
  if (pwrite(file, bytes, count, (off_t)offset) != (ssize_t)count) fail("can't write");
}

// The low segment begins at 1 MiB.
static void put_physical(const void *bytes, size_t count, uint64_t address) { put(bytes, count, data_offset + address - 1 * MIB); }

// ---------------------------------------------------------------- struct pages

static uint64_t seed = 88172645463325252ULL;

static uint64_t next_random(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static void make_free(struct page *page, unsigned order) {
  for (unsigned i = 0; i < 1u << order; i++) page[i] = (struct page){.mapcount = ~0u};
  page->mapcount = BUDDY;
  page->private = order;
}

static void make_compound(struct page *page, unsigned order, struct page head) {
  page[0] = head;
  page->flags |= 1u << PG_HEAD;
  for (unsigned i = 1; i < 1u << order; i++) page[i] = (struct page){.compound = (~0ULL << (order + 6)) | 1, .mapcount = ~0u};
  page[1].flags = order;
}

// _large_mapcount, _nr_pages_mapped and _entire_mapcount of a folio that is mapped `mapped` times as a whole.
static void put_counts(struct page *page, uint32_t mapped) {
  page[1].spare = (uint64_t)(mapped ? 0x800000u : 0) << 32 | (mapped - 1);
  page[1].mapping = (uint32_t)(mapped - 1);
}

static void make_cache(struct page *page, unsigned order) {
  struct page head = {.flags = 1u << PG_LRU, .mapping = DIRECT + 20 * MIB, .mapcount = ~0u, .refcount = 1u << order};
  if (order == 0) {
    if (next_random() % 8 == 0) head.flags |= 1u << PG_PRIVATE, head.refcount++;
    if (next_random() % 64 == 0) head.refcount++;
    *page = head;
    return;
  }
  make_compound(page, order, head);
  put_counts(page, 0);
}

static void make_anonymous(struct page *page, unsigned order) {
  struct page head = {
      .flags = 1u << PG_LRU | 1u << PG_SWAPBACKED, .mapping = (DIRECT + 20 * MIB) | 1, .mapcount = order ? ~0u : 0, .refcount = 1};
  if (order == 0) {
    *page = head;
    return;
  }
  make_compound(page, order, head);
  put_counts(page, 1);
}

static void make_slab(struct page *page, unsigned order) {
  struct page head = {.mapcount = SLAB, .refcount = 1};
  if (order) make_compound(page, order, head); else *page = head;
}

// A block of 512 pages of all kinds and orders, as an allocator gives them out one after the other.
static void make_mixture(struct page *pages) {
  for (unsigned place = 0; place < 512;) {
    unsigned order = 0;
    while (order < 9 && next_random() % 3 != 0) order++;
    while (place & ((1u << order) - 1)) order--;
    if (order == 1) order = 0;
    switch (next_random() % 4) {
    case 0: make_free(pages + place, order); break;
    case 1: make_cache(pages + place, order); break;
    case 2: make_anonymous(pages + place, order); break;
    default: make_slab(pages + place, order > 3 ? (order = 3) : order);
    }
    place += 1u << order;
  }
}

// A section whose blocks are of one kind each, as grouping by mobility makes them; one block in eight is a mixture.
// `free_share` of 16 blocks are free.
static void make_section(struct page *pages, unsigned free_share) {
  for (unsigned place = 0; place < SECTION_PAGES; place += 512) {
    struct page *block = pages + place;
    unsigned kind = (unsigned)(next_random() % 16);
    if (kind < free_share) {
      if (place % 1024 == 0 && place + 1024 <= SECTION_PAGES) {
        make_free(block, 10);
        place += 512;
      } else {
        make_free(block, 9);
      }
    } else if (kind < 9) {
      for (unsigned i = 0; i < 512; i++) make_cache(block + i, 0);
    } else if (kind < 10) {
      for (unsigned i = 0; i < 512; i += 16) make_cache(block + i, 4);
    } else if (kind < 12) {
      make_anonymous(block, 9);
    } else if (kind < 13) {
      for (unsigned i = 0; i < 512; i++) make_anonymous(block + i, 0);
    } else if (kind < 14) {
      for (unsigned i = 0; i < 512; i += 8) make_slab(block + i, 3);
    } else {
      make_mixture(block);
    }
  }
}

static void put_struct_pages(void) {
  struct page *pages = calloc(SECTION_PAGES, sizeof *pages);
  if (!pages) fail("no memory");
  for (unsigned template = 0; template < TEMPLATES; template++) {
    make_section(pages, template + 1);
    put_physical(pages, SECTION_PAGES * sizeof *pages, STRUCT_PAGES + template * 2 * MIB);
  }
  for (unsigned place = 0; place < SECTION_PAGES; place += 1024) make_free(pages + place, 10);
  put_physical(pages, SECTION_PAGES * sizeof *pages, STRUCT_PAGES + TEMPLATES * 2 * MIB);
  free(pages);
}

// ---------------------------------------------------------------- tables

static void put_tables(void) {
  uint64_t table[512] = {0};
  table[VMEMMAP >> 39 & 511] = UPPER_TABLE | 0x67;
  put_physical(table, sizeof table, TOP_TABLE);
  // A middle table maps the struct pages of 64 GiB; all entries of the upper table point to the same middle table.
  for (unsigned i = 0; i < 512; i++) table[i] = MIDDLE_TABLE | 0x67;
  put_physical(table, sizeof table, UPPER_TABLE);
  for (unsigned i = 0; i < 512; i++) table[i] = (STRUCT_PAGES + (i == 511 ? TEMPLATES : i % TEMPLATES) * 2 * MIB) | 0xe3;
  put_physical(table, sizeof table, MIDDLE_TABLE);
}

static void put_sections(void) {
  static uint64_t roots[2048];
  for (unsigned i = 0; i < 2048; i++) roots[i] = DIRECT + SECTION_ROOT;
  put_physical(roots, sizeof roots, SECTION_ARRAY);
  uint64_t root[512];
  for (unsigned i = 0; i < 512; i += 2) root[i] = VMEMMAP | 0xf, root[i + 1] = 0;
  put_physical(root, sizeof root, SECTION_ROOT);
}

// ---------------------------------------------------------------- headers

static char headers[8192];
static size_t header_size;

static void add(uint64_t number, unsigned bytes) {
  memcpy(headers + header_size, &number, bytes);
  header_size += bytes;
}

static void add_program_header(uint32_t type, uint64_t offset, uint64_t virtual, uint64_t physical, uint64_t size) {
  add(type, 4), add(7, 4), add(offset, 8), add(virtual, 8), add(physical, 8), add(size, 8), add(size, 8), add(0, 8);
}

static const char information[] =
    "OSRELEASE=7.3.0-large\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=ffffffff81000000\nSYMBOL(mem_section)=ffff888001100000\n"
    "LENGTH(mem_section)=2048\nSIZE(mem_section)=16\nOFFSET(mem_section.section_mem_map)=0\nNUMBER(SECTION_SIZE_BITS)=27\n"
    "NUMBER(MAX_PHYSMEM_BITS)=46\nSIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page._refcount)=52\nOFFSET(page.mapping)=24\n"
    "OFFSET(page.lru)=8\nOFFSET(page._mapcount)=48\nOFFSET(page.private)=40\nOFFSET(page.compound_info)=8\n"
    "LENGTH(zone.free_area)=11\nNUMBER(phys_base)=0\nNUMBER(pgtable_l5_enabled)=0\nNUMBER(PG_lru)=5\nNUMBER(PG_private)=14\n"
    "NUMBER(PG_swapcache)=10\nNUMBER(PG_swapbacked)=17\nNUMBER(PG_hwpoison)=20\nNUMBER(PG_head_mask)=64\n"
    "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\nNUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376\n"
    "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-201326592\nNUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-251658240\n";

static void put_headers(uint64_t gib) {
  const uint64_t low = 3 * GIB - 1 * MIB, high = (gib - 3) * GIB, note_offset = 64 + 56 * 4;
  const char identity[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
  memcpy(headers, identity, header_size = sizeof identity);
  add(4, 2), add(62, 2), add(1, 4), add(0, 8), add(64, 8), add(0, 8), add(0, 4), add(64, 2), add(56, 2), add(4, 2);
  add(0, 2), add(0, 2), add(0, 2);
  add_program_header(4, note_offset, 0, 0, 12 + 12 + sizeof information);
  add_program_header(1, data_offset + 15 * MIB, TEXT + 16 * MIB, 16 * MIB, 4 * MIB);
  add_program_header(1, data_offset, DIRECT + 1 * MIB, 1 * MIB, low);
  add_program_header(1, data_offset + low, DIRECT + 4 * GIB, 4 * GIB, high);
  add(11, 4), add(sizeof information - 1, 4), add(0, 4);
  memcpy(headers + header_size, "VMCOREINFO\0", 12);
  header_size += 12;
  memcpy(headers + header_size, information, sizeof information);
  header_size += sizeof information;
  put(headers, header_size, 0);
  if (ftruncate(file, (off_t)(data_offset + low + high)) != 0) fail("can't set the file's size");
}

int main(int count, char **words) {
  uint64_t gib = count == 3 ? strtoull(words[1], NULL, 10) : 0;
  if (gib < 4 || gib > 64 * 1024) {
    fprintf(stderr, "usage: largecore GIB FILE, from 4 to 65536 GiB\n");
    return 2;
  }
  file = open(words[2], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) fail(words[2]);
  put_headers(gib);
  put_tables();
  put_sections();
  put_struct_pages();
  return 0;
}
