/* null: a file system that does next to nothing, to see what FUSE itself costs.
 *
 * Usage: null [--threads] DIR MIB [OPTIONS]
 *
 * It serves DIR until it is unmounted, with one thread, or with libfuse's threads, and the settings of oldmemfs. A name costs a look into a hash table, and all files share
 * the same MIB of memory, which is there from the start: a write is one copy, and a read is a reply straight from it. There are no checksums,
 * extents, limits, times or owners, and nothing is freed. So no file system on libfuse does the same requests with less work.
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 312
#include <err.h>
#include <errno.h>
#include <fuse3/fuse_lowlevel.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { most_nodes = 1 << 21, buckets = 1 << 20 };

/* A file, by its inode number. Number 0 is none. */
struct node {
  uint32_t parent, next_in_bucket, previous, next, children, links;
  mode_t mode;
  off_t size;
  char name[32];
};

static struct node *nodes;
static uint32_t *table;
static uint32_t used = FUSE_ROOT_ID;
static char *memory;
static size_t memory_size;

/* Held while a name is looked up, added or dropped. Data need no lock: nobody cares what they are. */
static pthread_mutex_t names = PTHREAD_MUTEX_INITIALIZER;

static const double forever = 1e9;

/* ---------------------------------------------------------------- names */

static uint32_t *bucket_of(uint32_t parent, const char *name) {
  uint64_t hash = 0xcbf29ce484222325u ^ parent;
  for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
  return table + (hash >> 20) % buckets;
}

static uint32_t find(uint32_t parent, const char *name) {
  uint32_t number = *bucket_of(parent, name);
  while (number && (nodes[number].parent != parent || strcmp(nodes[number].name, name) != 0)) number = nodes[number].next_in_bucket;
  return number;
}

static uint32_t add(uint32_t parent, const char *name, mode_t mode) {
  uint32_t number = ++used, *bucket = bucket_of(parent, name);
  struct node *node = nodes + number;
  if (number >= most_nodes || strlen(name) >= sizeof node->name) return 0;
  *node = (struct node){.parent = parent, .next_in_bucket = *bucket, .next = nodes[parent].children, .links = 1, .mode = mode};
  strcpy(node->name, name);
  *bucket = number;
  if (node->next) nodes[node->next].previous = number;
  nodes[parent].children = number;
  return number;
}

static void drop(uint32_t number) {
  struct node *node = nodes + number;
  uint32_t *place = bucket_of(node->parent, node->name);
  while (*place != number) place = &nodes[*place].next_in_bucket;
  *place = node->next_in_bucket;
  if (node->next) nodes[node->next].previous = node->previous;
  if (node->previous) nodes[node->previous].next = node->next;
  else nodes[node->parent].children = node->next;
  node->links = 0;
}

/* ---------------------------------------------------------------- replies */

static struct stat status_of(uint32_t number) {
  return (struct stat){.st_ino = number, .st_mode = nodes[number].mode, .st_nlink = nodes[number].links, .st_size = nodes[number].size, .st_blksize = 4096};
}

static struct fuse_entry_param entry_of(uint32_t number) {
  struct fuse_entry_param entry = {.ino = number, .attr_timeout = forever, .entry_timeout = forever};
  if (number) entry.attr = status_of(number);
  return entry;
}

static void set_flags(struct fuse_file_info *file) {
  file->direct_io = (file->flags & O_ACCMODE) == O_WRONLY;
  file->keep_cache = !file->direct_io;
  file->noflush = 1;
}

/* ---------------------------------------------------------------- requests */

static void start(void *data, struct fuse_conn_info *connection) {
  (void)data;
  connection->want &= ~(unsigned)(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE | FUSE_CAP_ASYNC_DIO | FUSE_CAP_AUTO_INVAL_DATA);
  connection->want |= connection->capable
    & (FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_NO_OPENDIR_SUPPORT | FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ATOMIC_O_TRUNC);
  connection->max_write = 1 << 20;
}

static void look_up(fuse_req_t request, fuse_ino_t parent, const char *name) {
  pthread_mutex_lock(&names);
  struct fuse_entry_param entry = entry_of(find((uint32_t)parent, name));
  pthread_mutex_unlock(&names);
  fuse_reply_entry(request, &entry);
}

static void make(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *file) {
  pthread_mutex_lock(&names);
  uint32_t number = add((uint32_t)parent, name, mode);
  pthread_mutex_unlock(&names);
  if (!number) {
    fuse_reply_err(request, ENOSPC);
    return;
  }
  struct fuse_entry_param entry = entry_of(number);
  if (!file) {
    fuse_reply_entry(request, &entry);
    return;
  }
  set_flags(file);
  fuse_reply_create(request, &entry, file);
}

static void create(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *file) {
  make(request, parent, name, mode, file);
}

static void make_directory(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode) {
  make(request, parent, name, mode | S_IFDIR, NULL);
}

static void remove_name(fuse_req_t request, fuse_ino_t parent, const char *name) {
  pthread_mutex_lock(&names);
  uint32_t number = find((uint32_t)parent, name);
  if (number) drop(number);
  pthread_mutex_unlock(&names);
  fuse_reply_err(request, number ? 0 : ENOENT);
}

static void forget(fuse_req_t request, fuse_ino_t number, uint64_t count) {
  (void)number;
  (void)count;
  fuse_reply_none(request);
}

static void forget_some(fuse_req_t request, size_t count, struct fuse_forget_data *list) {
  (void)count;
  (void)list;
  fuse_reply_none(request);
}

static void get_attributes(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file) {
  (void)file;
  struct stat status = status_of((uint32_t)number);
  fuse_reply_attr(request, &status, forever);
}

static void set_attributes(fuse_req_t request, fuse_ino_t number, struct stat *status, int set, struct fuse_file_info *file) {
  if (set & FUSE_SET_ATTR_SIZE) nodes[number].size = status->st_size;
  if (set & FUSE_SET_ATTR_MODE) nodes[number].mode = (nodes[number].mode & S_IFMT) | (status->st_mode & ~(mode_t)S_IFMT);
  get_attributes(request, number, file);
}

static void open_file(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file) {
  if (file->flags & O_TRUNC) nodes[number].size = 0;
  set_flags(file);
  fuse_reply_open(request, file);
}

static void close_file(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file) {
  (void)number;
  (void)file;
  fuse_reply_err(request, 0);
}

/* The kernel then asks no more, and caches what directories hold. */
static void open_directory(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file) {
  (void)number;
  (void)file;
  fuse_reply_err(request, ENOSYS);
}

static size_t put(fuse_req_t request, char *to, size_t room, const char *name, uint32_t number, off_t position, int plus) {
  struct fuse_entry_param entry = entry_of(number);
  return plus ? fuse_add_direntry_plus(request, to, room, name, &entry, position) : fuse_add_direntry(request, to, room, name, &entry.attr, position);
}

/* An entry's position is its number. Those of '.' and '..' are greater than any. */
static void list(fuse_req_t request, fuse_ino_t directory, size_t size, off_t position, int plus) {
  static char buffer[1 << 20];
  size_t end = 0, need = 0;
  if (size > sizeof buffer) size = sizeof buffer;
  if (position == 0) {
    end += put(request, buffer, size, ".", (uint32_t)directory, most_nodes, plus);
    end += put(request, buffer + end, size - end, "..", (uint32_t)directory, most_nodes + 1, plus);
  }
  uint32_t number = position > 0 && position < most_nodes ? nodes[position].next : nodes[directory].children;
  for (; number; number = nodes[number].next, end += need) {
    need = put(request, buffer + end, size - end, nodes[number].name, number, number, plus);
    if (need > size - end) break;
  }
  fuse_reply_buf(request, buffer, end);
}

static void read_directory(fuse_req_t request, fuse_ino_t number, size_t size, off_t position, struct fuse_file_info *file) {
  (void)file;
  list(request, number, size, position, 0);
}

static void read_directory_plus(fuse_req_t request, fuse_ino_t number, size_t size, off_t position, struct fuse_file_info *file) {
  (void)file;
  list(request, number, size, position, 1);
}

static void read_file(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset, struct fuse_file_info *file) {
  (void)file;
  off_t end = nodes[number].size < (off_t)memory_size ? nodes[number].size : (off_t)memory_size;
  size_t count = offset >= end ? 0 : (size_t)(end - offset);
  fuse_reply_buf(request, memory + offset, count < size ? count : size);
}

static void write_file(fuse_req_t request, fuse_ino_t number, const char *bytes, size_t size, off_t offset, struct fuse_file_info *file) {
  (void)file;
  if ((size_t)offset + size > memory_size) {
    fuse_reply_err(request, ENOSPC);
    return;
  }
  memcpy(memory + offset, bytes, size);
  if (nodes[number].size < offset + (off_t)size) nodes[number].size = offset + (off_t)size;
  fuse_reply_write(request, size);
}

static const struct fuse_lowlevel_ops operations = {
  .init = start,
  .lookup = look_up,
  .create = create,
  .mkdir = make_directory,
  .unlink = remove_name,
  .rmdir = remove_name,
  .forget = forget,
  .forget_multi = forget_some,
  .getattr = get_attributes,
  .setattr = set_attributes,
  .open = open_file,
  .release = close_file,
  .opendir = open_directory,
  .readdir = read_directory,
  .readdirplus = read_directory_plus,
  .read = read_file,
  .write = write_file,
};

static void *room(size_t size, int flags) {
  void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  if (bytes == MAP_FAILED) err(1, "mmap");
  return bytes;
}

/* Each thread has a descriptor of its own, so that they don't wait for one another to take a request. */
static void serve_with_threads(struct fuse_session *session) {
  struct fuse_loop_config *config = fuse_loop_cfg_create();
  if (!config) err(1, "fuse_loop_cfg_create");
  fuse_loop_cfg_set_clone_fd(config, 1);
  fuse_session_loop_mt(session, config);
  fuse_loop_cfg_destroy(config);
}

int main(int count, char **words) {
  const int with_threads = count > 1 && strcmp(words[1], "--threads") == 0;
  count -= with_threads;
  words += with_threads;
  if (count != 3 && count != 4) errx(2, "usage: null [--threads] DIR MIB [OPTIONS]");
  memory_size = (size_t)atoi(words[2]) << 20;
  memory = room(memory_size, MAP_POPULATE);
  nodes = room(sizeof(struct node) * most_nodes, 0);
  table = room(sizeof *table * buckets, 0);
  nodes[FUSE_ROOT_ID] = (struct node){.links = 2, .mode = S_IFDIR | 0755};
  char *options[] = {"null", "-o", "allow_other,default_permissions,subtype=null", "-o", count == 4 ? words[3] : ""};
  struct fuse_args arguments = FUSE_ARGS_INIT(count == 4 ? 5 : 3, options);
  struct fuse_session *session = fuse_session_new(&arguments, &operations, sizeof operations, NULL);
  if (!session || fuse_session_mount(session, words[1]) != 0) return 1;
  if (fuse_daemonize(0) != 0) return 1;
  if (with_threads) serve_with_threads(session);
  else fuse_session_loop(session);
  fuse_session_unmount(session);
  fuse_session_destroy(session);
  fuse_opt_free_args(&arguments);
}
