// The parts of the guest's helper program: one file per subject, one function per subcommand.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { block_size = 4096, mebibyte = 1 << 20 };

// Each subcommand gets the words after its name and returns an exit code.
int load_command(int count, char **words);
int fragment_command(int count, char **words);
int sample_command(int count, char **words);
int fill_command(int count, char **words);
int scatter_command(int count, char **words);
int verify_command(int count, char **words);
int read_on_command(int count, char **words);
int statfs_command(int count, char **words);
int spoil_command(int count, char **words);
int spoil_hard_command(int count, char **words);
int save_core_command(int count, char **words);
int open_command(int count, char **words);
int hard_command(int count, char **words);
int buffers_command(int count, char **words);
int save_pages_command(int count, char **words);
int ask_command(int count, char **words);
int kernel_memory_command(int count, char **words);
int echo_command(int count, char **words);
int limit_memory_command(int count, char **words);
int pressure_command(int count, char **words);

// The content of every file of the lab: pseudo-random, different in each block of each file.
void content_fill(uint64_t file, uint64_t offset, unsigned char *bytes, size_t count);
// Returns the index of the first wrong byte, or count.
size_t content_check(uint64_t file, uint64_t offset, const unsigned char *bytes, size_t count);

// Sends a word to the host, and returns when the host has done what the word asks for.
void ask_host(const char *word);

// Prints "labguest: MESSAGE: ERRNO" and ends the program with 1.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Allocates memory, or ends the program.
void *allocate(size_t count);
