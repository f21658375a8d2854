// buffers: I/O of buffer heads in flight. A file system reads and writes its metadata in the block device's page cache. Only a bit in
// struct buffer_head shows that I/O (BH_Lock: submit_bh in fs/buffer.c; BH_Shadow: jbd2_journal_write_metadata_buffer in
// fs/jbd2/journal.c): the page is neither locked nor under writeback, and nobody holds a reference to it.
//
// The disk has three file systems (use_buffer_disk in lib.sh): one with a block to a page, one with four blocks to a page, of which
// the last is in flight, and one with a journal. Inodes are as large as blocks, so that each file's inode is a block of its own.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hard.h"
#include "labguest.h"

// In each file system, `each` files are written, and as many are read. `journalled` is the size of the journalled file.
enum { each = 32, journalled = 32 * block_size, part_sectors = 32 * mebibyte / 512 };
// KPF_PRIVATE, which the header for user programs lacks (include/linux/kernel-page-flags.h).
enum { kpf_private = 35 };

typedef struct {
  StoppedDevice device;
  char directory[32];
  uint32_t block, inodes_per_group, tables[16];
  uint64_t data;  // the page that holds the inode of the file "data"
  unsigned count;
  struct { char path[64]; uint64_t page; int file; } files[2 * each];  // `page` counts from the device's start
} Part;

// ---------------------------------------------------------------- where inodes are

static uint32_t number_at(const unsigned char *bytes) { return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24; }

// struct ext4_super_block and ext4_group_desc of 32 bytes (fs/ext4/ext4.h).
static void read_layout(Part *part) {
  unsigned char super[1024], groups[512];
  int device = open(part->device.path, O_RDONLY);
  if (device < 0 || pread(device, super, sizeof super, 1024) != sizeof super) fail("read of %s", part->device.path);
  part->block = 1024 << number_at(super + 24);
  part->inodes_per_group = number_at(super + 40);
  uint64_t table = (number_at(super + 20) + 1) * (uint64_t)part->block;
  if (pread(device, groups, sizeof groups, table) != sizeof groups) fail("read of %s", part->device.path);
  for (int i = 0; i < 16; i++) part->tables[i] = number_at(groups + 32 * i + 8);
  close(device);
}

// Chooses files whose inodes lie in different pages, each in the last block of its page. This reads no inode.
static void choose_files(Part *part) {
  read_layout(part);
  DIR *directory = opendir(part->directory);
  if (!directory) fail("opendir of %s", part->directory);
  // The directory is read to its end, so that no later look-up reads ahead in it.
  for (struct dirent *entry; (entry = readdir(directory));) {
    uint64_t number = entry->d_ino - 1, table = part->tables[number / part->inodes_per_group];
    uint64_t place = (table + number % part->inodes_per_group) * part->block;
    if (strcmp(entry->d_name, "data") == 0) part->data = place / block_size;
    if (part->count == 2 * each || entry->d_name[0] != 'f' || place % block_size != block_size - part->block) continue;
    snprintf(part->files[part->count].path, sizeof part->files->path, "%s/%.20s", part->directory, entry->d_name);
    part->files[part->count++].page = place / block_size;
  }
  closedir(directory);
  errno = 0;
  if (part->count != 2 * each) fail("%s has %u files of use, not %u", part->directory, part->count, 2 * each);
}

static void open_part(Part *part, const char *disk, unsigned index, const char *more) {
  static const char *const names[] = {"pages", "blocks", "journal"};
  char options[128];
  part->device = make_device(names[index], disk, (uint64_t)index * part_sectors, part_sectors);
  snprintf(part->directory, sizeof part->directory, "/mnt/%s", names[index]);
  mkdir(part->directory, 0755);
  // Nothing may be read ahead. ext4 prefetches bitmaps since 5.13 ("ext4: make prefetch_block_bitmaps default"); older kernels lack the
  // option.
  int length = snprintf(options, sizeof options, "inode_readahead_blks=0%s", more);
  snprintf(options + length, sizeof options - length, ",no_prefetch_block_bitmaps");
  if (mount(part->device.path, part->directory, "ext4", MS_NOATIME, options) != 0) {
    options[length] = 0;
    if (mount(part->device.path, part->directory, "ext4", MS_NOATIME, options) != 0) fail("mount of %s", part->device.path);
  }
  choose_files(part);
}

// ---------------------------------------------------------------- pages

static uint64_t written[3 * each + 1 + journalled / block_size];
static unsigned written_count;

// Lists pages that will be written.
static void list_written(const char *kind, const unsigned char *memory, size_t bytes) {
  list_memory(never, kind, memory, bytes);
  for (size_t at = 0; at < bytes; at += block_size) written[written_count++] = frame_of(memory + at);
}

// Requires that struct page shows none of this I/O. (inflight.c makes the I/O that it shows.)
static void require_nothing_shows(void) {
  look_at_frames();
  errno = 0;
  for (unsigned i = 0; i < written_count; i++)
    if (!frame_has(written[i], 0, 1ULL << KPF_LOCKED | 1ULL << KPF_WRITEBACK)) fail("a buffer's page is locked, or under writeback");
}

// Lists a page of a device, and leaves it unmapped.
static void list_page(const char *kind, const Part *part, uint64_t number) {
  int device = open(part->device.path, O_RDONLY);
  void *page = mmap(NULL, block_size, PROT_READ, MAP_SHARED, device, number * block_size);
  // Without read-ahead around it.
  if (device < 0 || page == MAP_FAILED || madvise(page, block_size, MADV_RANDOM) != 0) fail("mmap of %s", part->device.path);
  *(volatile unsigned char *)page;
  list_written(kind, page, block_size);
  munmap(page, block_size);
  close(device);
}

// Lists the pages that hold the inodes of the first half of the files, and opens these.
static void list_inodes(const char *kind, Part *part) {
  for (unsigned i = 0; i < each; i++) {
    part->files[i].file = open(part->files[i].path, O_RDONLY);
    if (part->files[i].file < 0) fail("open of %s", part->files[i].path);
    list_page(kind, part, part->files[i].page);
  }
}

// Lists the pages of the file whose data go into the journal, and of its inode. Returns the open file.
static int list_journalled(const Part *part) {
  char path[64];
  snprintf(path, sizeof path, "%s/data", part->directory);
  int file = open(path, O_RDWR);
  void *memory = mmap(NULL, journalled, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
  if (file < 0 || memory == MAP_FAILED) fail("mmap of %s", path);
  list_written("journal-data", memory, journalled);
  munmap(memory, journalled);
  list_page("journal-write", part, part->data);
  return file;
}

// Whether a page has private data and is not up to date: then some of its blocks are being read, or were read without the others.
static int is_unread(uint64_t frame) {
  const uint64_t others = 1ULL << KPF_UPTODATE | 1ULL << KPF_LOCKED | 1ULL << KPF_WRITEBACK | 1ULL << KPF_HUGE;
  return frame_has(frame, 1ULL << kpf_private, others);
}

static unsigned char *find_unread(void) {
  look_at_frames();
  unsigned char *found = allocate(frame_count());
  for (uint64_t frame = 0; frame < frame_count(); frame++) found[frame] = is_unread(frame);
  return found;
}

// Lists the unread pages that are new since `before`.
static void list_unread(const char *kind, const unsigned char *before, unsigned expected) {
  unsigned count = 0;
  look_at_frames();
  for (uint64_t frame = 0; frame < frame_count(); frame++)
    if (!before[frame] && is_unread(frame)) list_frame(never, kind, frame), count++;
  errno = 0;
  if (count != expected) fail("%s: %u pages are new, not %u", kind, count, expected);
}

// ---------------------------------------------------------------- processes that wait for the disk

static pid_t waiting[4 * each + 1];
static unsigned waiting_count;

static int begin_waiting(void) {
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child > 0) waiting[waiting_count++] = child;
  else leave_list();
  return child == 0;
}

static char state_of(pid_t process) {
  char path[64], line[512], state = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", process);
  FILE *file = fopen(path, "r");
  if (!file || !fgets(line, sizeof line, file)) fail("read of %s", path);
  fclose(file);
  sscanf(strrchr(line, ')') + 1, " %c", &state);
  return state;
}

static unsigned waiting_now(void) {
  unsigned count = 0;
  for (unsigned i = 0; i < waiting_count; i++) count += state_of(waiting[i]) == 'D';
  return count;
}

static void await_waiting(void) {
  for (int tries = 0; waiting_now() < waiting_count; tries++) {
    errno = 0;
    if (tries == 300) fail("%u of %u processes wait for the disk", waiting_now(), waiting_count);
    usleep(200000);
  }
  // Their requests need time to get as far as they can.
  sleep(2);
  errno = 0;
  if (waiting_now() < waiting_count) fail("the disk answers: %u of %u processes wait for it", waiting_now(), waiting_count);
}

static void write_inodes(const Part *part) {
  for (unsigned i = 0; i < each; i++)
    if (begin_waiting()) {
      if (fchmod(part->files[i].file, 0600) != 0 || fsync(part->files[i].file) != 0) fail("fsync of %s", part->files[i].path);
      _exit(0);
    }
}

static void read_inodes(const Part *part) {
  struct stat status;
  for (unsigned i = each; i < 2 * each; i++)
    if (begin_waiting()) {
      if (stat(part->files[i].path, &status) != 0) fail("stat of %s", part->files[i].path);
      _exit(0);
    }
}

// One commit writes the inodes and the data to the journal, directly from their pages.
static void commit(const Part *part, int file) {
  unsigned char *buffer = allocate(journalled);
  content_fill(2000020, 0, buffer, journalled);
  for (unsigned i = 0; i < each; i++)
    if (fchmod(part->files[i].file, 0600) != 0) fail("chmod of %s", part->files[i].path);
  if (pwrite(file, buffer, journalled, 0) != journalled) fail("write of a journalled file");
  if (!begin_waiting()) return;
  if (fsync(file) != 0) fail("fsync of a journalled file");
  _exit(0);
}

// ---------------------------------------------------------------- the command

static void stop_parts(const char *how, const char *disk, Part *parts) {
  for (int i = 0; i < 3; i++) {
    int directory = open(parts[i].directory, O_RDONLY);
    if (syncfs(directory) != 0) fail("syncfs of %s", parts[i].directory);
    close(directory);
    if (strcmp(how, "stop") == 0) stop_device(&parts[i].device);
  }
  if (strcmp(how, "stop") == 0) return;
  ask_host("slow-disk");
  // The first request may still pass at once (throttle_compute_wait in QEMU's util/throttle.c).
  int device = open(disk, O_RDONLY | O_DIRECT);
  void *block = aligned_alloc(block_size, block_size);
  if (device < 0 || !block || pread(device, block, block_size, 0) != block_size) fail("read of %s", disk);
  close(device);
}

int buffers_command(int count, char **words) {
  static Part parts[3];
  if (count != 3 || (strcmp(words[2], "stop") != 0 && strcmp(words[2], "slow") != 0)) return 2;
  open_list(words[1], "a");
  open_part(&parts[0], words[0], 0, "");
  open_part(&parts[1], words[0], 1, "");
  open_part(&parts[2], words[0], 2, ",data=journal,commit=900");
  list_inodes("buffer-write", &parts[0]);
  list_inodes("buffer-write", &parts[1]);
  list_inodes("journal-write", &parts[2]);
  int file = list_journalled(&parts[2]);
  // The list goes to its disk now, so that no child inherits buffered lines and writes them again.
  sync_list();
  stop_parts(words[2], words[0], parts);
  unsigned char *before = find_unread();
  read_inodes(&parts[0]), read_inodes(&parts[1]);
  await_waiting();
  list_unread("buffer-read", before, 2 * each);
  before = find_unread();
  write_inodes(&parts[0]), write_inodes(&parts[1]);
  commit(&parts[2], file);
  await_waiting();
  // The journal's descriptor block, which nobody has ever read.
  list_unread("journal-write", before, 1);
  require_nothing_shows();
  close_list();
  printf("%u processes wait for the disk, which writes %u pages and reads %u\n", waiting_count, written_count + 1, 2 * each);
  fflush(stdout);
  for (;;) pause();
}
