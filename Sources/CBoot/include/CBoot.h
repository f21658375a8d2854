// liblzma, and functions for the parts of libc that only an init uses and Swift can't reach: a variadic function, a macro.
#ifndef CBOOT_H
#define CBOOT_H

#include <lzma.h>

/// Loads a kernel module from an open file, with parameters. Returns 0, or -1 and errno. The corresponding system call is `finit_module`.
int cboot_load_module(int descriptor, const char *parameters);
/// Ends this kernel at once: 'r'eboot, 'p'ower off or 'h'alt. Returns only on failure. The corresponding C function is `reboot`.
void cboot_end_kernel(char how);

#endif
