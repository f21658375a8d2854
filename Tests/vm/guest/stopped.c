// A block device that can be told never to answer again: device mapper's linear target, which is later replaced by its delay
// target with a delay of more than a day. Later requests stay in flight; none fails, and none times out.
// (A suspended device would fail reads ahead, and the virtual disks time out or are drained when the machine stops.)
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "hard.h"
#include "labguest.h"

typedef struct {
  struct dm_ioctl head;
  struct dm_target_spec target;
  char parameters[256];
} Request;

static uint64_t ask(unsigned long command, const char *name, Request *request) {
  static int control = -1;
  if (control < 0) control = open("/dev/mapper/control", O_RDWR);
  if (control < 0) fail("open of device mapper's control");
  // The major version has to be the kernel's, the minor one not above it (check_version in drivers/md/dm-ioctl.c).
  request->head.version[0] = 4;
  request->head.data_size = sizeof *request;
  request->head.data_start = offsetof(Request, target);
  snprintf(request->head.name, sizeof request->head.name, "%s", name);
  if (ioctl(control, command, request) != 0) fail("device mapper's command %#lx for %s", command, name);
  return request->head.dev;
}

// Loads a table of one target and takes it into use.
static void use_target(const StoppedDevice *device, const char *type, const char *more) {
  Request load = {.head = {.target_count = 1}}, suspend = {.head = {.flags = DM_SUSPEND_FLAG | DM_SKIP_LOCKFS_FLAG}},
          resume = {0};
  load.target.length = device->sectors;
  snprintf(load.target.target_type, sizeof load.target.target_type, "%s", type);
  snprintf(load.parameters, sizeof load.parameters, "%s %llu%s", device->disk, (unsigned long long)device->first, more);
  ask(DM_TABLE_LOAD, device->name, &load);
  ask(DM_DEV_SUSPEND, device->name, &suspend);
  ask(DM_DEV_SUSPEND, device->name, &resume);
}

StoppedDevice make_device(const char *name, const char *disk, uint64_t first, uint64_t sectors) {
  StoppedDevice device = {.name = name, .disk = disk, .first = first, .sectors = sectors};
  Request create = {0};
  snprintf(device.path, sizeof device.path, "/dev/dm-%u", minor(ask(DM_DEV_CREATE, name, &create)));
  use_target(&device, "linear", "");
  return device;
}

// The delay is in milliseconds.
void stop_device(const StoppedDevice *device) { use_target(device, "delay", " 100000000"); }
