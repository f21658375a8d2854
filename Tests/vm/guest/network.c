// echo: data that goes out by a network card and comes back, and waits in the kernel's buffers until it is read.
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "labguest.h"

// Of each connection. The kernel counts a packet's buffers, too, against the limit.
enum { connection_size = 2 * mebibyte, buffer_limit = 8 * connection_size };

static const uint64_t first_file = 3000000;

static int connect_to(const struct sockaddr_in *peer) {
  int end = socket(AF_INET, SOCK_STREAM, 0), limit = buffer_limit;
  if (end < 0) fail("socket");
  if (setsockopt(end, SOL_SOCKET, SO_RCVBUFFORCE, &limit, sizeof limit) != 0) fail("SO_RCVBUFFORCE");
  if (connect(end, (const struct sockaddr *)peer, sizeof *peer) != 0) fail("connect");
  return end;
}

static void send_all(uint64_t file, int end) {
  static unsigned char bytes[connection_size];
  content_fill(file, 0, bytes, sizeof bytes);
  for (size_t done = 0; done < sizeof bytes;) {
    ssize_t sent = send(end, bytes + done, sizeof bytes - done, 0);
    if (sent < 0) fail("send");
    done += sent;
  }
}

static void receive_all(uint64_t file, int end) {
  static unsigned char bytes[connection_size];
  for (size_t done = 0; done < sizeof bytes;) {
    ssize_t got = recv(end, bytes + done, sizeof bytes - done, 0);
    if (got <= 0) fail("receive after %zu bytes", done);
    done += got;
  }
  size_t good = content_check(file, 0, bytes, sizeof bytes);
  if (good == sizeof bytes) return;
  errno = EIO;
  fail("byte %zu of connection %llu", good, (unsigned long long)(file - first_file));
}

// What all TCP sockets hold, in MiB (sockstat_seq_show, net/ipv4/proc.c).
static size_t held_mib(void) {
  char line[256];
  unsigned long pages = 0;
  FILE *file = fopen("/proc/net/sockstat", "r");
  if (!file) fail("open of /proc/net/sockstat");
  while (fgets(line, sizeof line, file)) {
    const char *word = strstr(line, "mem ");
    if (strncmp(line, "TCP:", 4) == 0 && word) pages = strtoul(word + 4, NULL, 10);
  }
  fclose(file);
  return pages * block_size / mebibyte;
}

// Waits until no more comes in.
static size_t await_held(void) {
  size_t before, now = held_mib();
  do {
    before = now;
    sleep(2);
    now = held_mib();
  } while (now > before);
  return now;
}

int echo_command(int count, char **words) {
  if (count != 3) return 2;
  struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
  if (inet_pton(AF_INET, words[0], &peer.sin_addr) != 1) return 2;
  size_t connections = strtoull(words[2], NULL, 10) * mebibyte / connection_size;
  int *ends = allocate((connections + 1) * sizeof *ends);
  for (size_t i = 0; i < connections; i++) send_all(first_file + i, ends[i] = connect_to(&peer));
  size_t held = await_held();
  for (size_t i = 0; i < connections; i++) receive_all(first_file + i, ends[i]);
  printf("connections=%zu mib=%zu held=%zu\n", connections, connections * connection_size / mebibyte, held);
  return 0;
}
