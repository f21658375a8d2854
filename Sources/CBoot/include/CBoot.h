// What an init needs of libc that Swift can't reach by itself (a variadic function, a macro), and liblzma.
#ifndef CBOOT_H
#define CBOOT_H

#include <lzma.h>

/// Loads a kernel module from an open file. 0, or -1 and errno. The corresponding system call is `finit_module`.
int cboot_load_module(int descriptor);
/// Ends this kernel at once: 'r'eboot, 'p'ower off, 'h'alt. Returns only if that failed. The corresponding C function is `reboot`.
void cboot_end_kernel(char how);

#endif
