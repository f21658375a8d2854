// limit-memory: how much address space another process may have.
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "labguest.h"

int limit_memory_command(int count, char **words) {
  if (count != 2) return 2;
  rlim_t bytes = strcmp(words[1], "none") == 0 ? RLIM_INFINITY : strtoull(words[1], NULL, 10) * 1024;
  struct rlimit limit = {bytes, RLIM_INFINITY};
  if (prlimit(atoi(words[0]), RLIMIT_AS, &limit, NULL) != 0) fail("prlimit of %s", words[0]);
  return 0;
}
