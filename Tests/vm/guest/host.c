// ask: sends a word to the host on the console, and waits for the answer on the second serial port.
#include <fcntl.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>

#include "labguest.h"

void ask_host(const char *word) {
  char line[64], byte = 0;
  // Opened first: an answer that comes while nobody has the port open is lost.
  int answers = open("/dev/ttyS1", O_RDONLY | O_NOCTTY), console = open("/dev/console", O_WRONLY | O_NOCTTY);
  if (answers < 0 || console < 0) fail("open of the serial ports");
  snprintf(line, sizeof line, "LAB ask: %s\n", word);
  if (write(console, line, strlen(line)) < 0) fail("write to the console");
  while (byte != '\n')
    if (read(answers, &byte, 1) != 1) fail("read of the host's answer");
  close(answers), close(console);
}

int ask_command(int count, char **words) {
  if (count != 1) return 2;
  ask_host(words[0]);
  return 0;
}
