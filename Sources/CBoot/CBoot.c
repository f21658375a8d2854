#define _GNU_SOURCE
#include "CBoot.h"

#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

int cboot_load_module(int descriptor, const char *parameters) { return (int)syscall(SYS_finit_module, descriptor, parameters, 0); }

void cboot_end_kernel(char how) {
  reboot(how == 'p' ? RB_POWER_OFF : how == 'h' ? RB_HALT_SYSTEM : RB_AUTOBOOT);
}
