// The parts of 'hard': pages that oldmemfs must never take, made on purpose, and the list of their frames.
#pragma once
#include <stddef.h>
#include <stdint.h>

// The rule for a kind of page: none may be taken, or some may. The list of the second kind shows that there are such pages.
typedef enum { never, may } Rule;

// ---- hard.c: the list, a line "RULE KIND FIRST-PFN COUNT" for each run of frames, or "cannot KIND WHY"

// Begin the list ("w") or continue it ("a"); write it to its disk; end it.
void open_list(const char *path, const char *mode);
void sync_list(void);
// Closes the list in a child that stays, so that the child does not keep that disk in use.
void leave_list(void);
void close_list(void);
// One frame.
void list_frame(Rule rule, const char *kind, uint64_t frame);
// The frames of memory that this process has mapped.
void list_memory(Rule rule, const char *kind, const void *memory, size_t bytes);
// All frames that had all flags of `set` and none of `clear` (linux/kernel-page-flags.h) at the last look. The flags of a
// tail include its head's. Returns the number of frames.
uint64_t list_flagged(Rule rule, const char *kind, uint64_t set, uint64_t clear);
// Notes that this kernel has no way to make such pages.
void list_cannot(const char *kind, const char *why, ...) __attribute__((format(printf, 2, 3)));

// ---- frames.c: page frames and their flags

// The frame of a page that this process has mapped.
uint64_t frame_of(const void *page);
// Read the flags of all frames for frame_has: once, or twice with a second between, so that a state of a moment does not
// count.
void look_at_frames(void);
void look_again(void);
// The number of frames that have flags, and whether a frame has all of `set` and none of `clear`.
uint64_t frame_count(void);
int frame_has(uint64_t frame, uint64_t set, uint64_t clear);
// Ends the program if a page of the memory lacks the flag.
void require_flag(const char *kind, const void *memory, size_t bytes, uint64_t flag);

// ---- makers of pages, one file each

// pinned.c: buffers that io_uring has pinned, and pages that sit in pipes. `directory` has the load's sample files.
void make_pinned(const char *directory);
// inflight.c: I/O that began and never ends, on `disk`, which has an XFS in its first `stopped_file_system` bytes.
void make_in_flight(const char *disk, const char *directory);
// poison.c: pages that memory failure handling took out of use.
void make_poisoned(const char *directory);

// ---- memory for such pages

enum { huge_page_size = 2 << 20, stopped_file_system = 320 << 20 };

// Anonymous memory, filled. For huge pages, `bytes` is a multiple of huge_page_size.
unsigned char *small_pages(size_t bytes);
unsigned char *transparent_huge_pages(size_t bytes);
unsigned char *hugetlb_pages(size_t bytes);
// The first bytes of one of the load's sample files, mapped read-only and present.
unsigned char *cached_file(const char *directory, unsigned file, size_t bytes);

// ---- stopped.c: a block device that can be told never to answer again

typedef struct {
  char path[32];      // of the device's node
  const char *name;   // device mapper's
  const char *disk;   // below it
  uint64_t first, sectors;
} StoppedDevice;

// A device over a part of `disk`, in units of 512 bytes; it answers until stop_device.
StoppedDevice make_device(const char *name, const char *disk, uint64_t first, uint64_t sectors);
void stop_device(const StoppedDevice *device);
