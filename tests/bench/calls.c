/* The calls whose cost is measured: `calls WHAT COUNT [HELD [THREADS]]` makes COUNT of them, in each of THREADS
 * threads, while HELD descriptors are open, and prints how many nanoseconds one took. `calls nothing 0` only starts and
 * ends; `calls pause 0` waits for the end of its standard input. Plain C: libstdc++ would cost more than what is
 * measured. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void require(int condition, const char* what) {
  if (condition) return;
  perror(what);
  _exit(EXIT_FAILURE);
}

static void open_and_close(int domain, int type, long count) {
  long i;
  for (i = 0; i < count; ++i) {
    const int fd = socket(domain, type, 0);
    require(fd >= 0, "socket");
    close(fd);
  }
}

static void nothing(long count) { (void)count; }
static void tcp(long count) { open_and_close(AF_INET, SOCK_STREAM, count); }
static void parent(long count) {
  long i;
  for (i = 0; i < count; ++i) getppid();
}

static void udp(long count) { open_and_close(AF_INET, SOCK_DGRAM, count); }
static void unix_stream(long count) { open_and_close(AF_UNIX, SOCK_STREAM, count); }
static void netlink(long count) { open_and_close(AF_NETLINK, SOCK_RAW, count); }

/* The four calls that any solution needs, written into the program. */
static void tcp_by_hand(long count) {
  static const int on = 1;
  static const int probes = 20;
  static const int idle = 180;
  static const int interval = 60;
  long i;
  for (i = 0; i < count; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    require(fd >= 0, "socket");
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    close(fd);
  }
}

static void accept_connections(sa_family_t domain, int with_address, long count) {
  struct sockaddr_storage address;
  struct sockaddr_storage peer;
  /* UNIX: any abstract name. */
  socklen_t size = domain == AF_INET ? sizeof(struct sockaddr_in) : sizeof(sa_family_t);
  const int listener = socket(domain, SOCK_STREAM, 0);
  long i;
  memset(&address, 0, sizeof address);
  address.ss_family = domain;
  if (domain == AF_INET) ((struct sockaddr_in*)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(bind(listener, (struct sockaddr*)&address, size) == 0 && listen(listener, 8) == 0, "a listener");
  size = sizeof address;
  require(getsockname(listener, (struct sockaddr*)&address, &size) == 0, "getsockname");
  for (i = 0; i < count; ++i) {
    const int client = socket(domain, SOCK_STREAM, 0);
    socklen_t peer_size = sizeof peer;
    int accepted;
    require(connect(client, (struct sockaddr*)&address, size) == 0, "connect");
    accepted = with_address ? accept(listener, (struct sockaddr*)&peer, &peer_size) : accept(listener, NULL, NULL);
    require(accepted >= 0, "accept");
    close(client);
    close(accepted);
  }
  close(listener);
}

static void tcp_accept(long count) { accept_connections(AF_INET, 1, count); }
static void tcp_accept_no_address(long count) { accept_connections(AF_INET, 0, count); }
static void unix_accept(long count) { accept_connections(AF_UNIX, 1, count); }
static void unix_accept_no_address(long count) { accept_connections(AF_UNIX, 0, count); }

static void pause_until_end_of_input(long count) {
  char byte;
  (void)count;
  require(write(STDOUT_FILENO, "ready\n", 6) == 6, "write");
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

static const struct kind {
  const char* name;
  void (*make)(long count);
} kinds[] = {
    {"nothing", nothing},
    {"pause", pause_until_end_of_input},
    {"tcp", tcp},
    {"tcp-by-hand", tcp_by_hand},
    {"udp", udp},
    {"unix", unix_stream},
    {"netlink", netlink},
    {"getppid", parent},
    {"tcp-accept", tcp_accept},
    {"tcp-accept-no-address", tcp_accept_no_address},
    {"unix-accept", unix_accept},
    {"unix-accept-no-address", unix_accept_no_address},
};

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void hold(long count) {
  struct rlimit limit;
  long i;
  limit.rlim_cur = limit.rlim_max = (rlim_t)count + 100;
  if (count > 900) require(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
  for (i = 0; i < count; ++i) require(dup(STDIN_FILENO) >= 0, "dup");
}

static const struct kind* chosen;
static long calls;

static void* run(void* unused) {
  chosen->make(calls);
  return unused;
}

int main(int argc, char** argv) {
  const long threads = argc > 4 ? atol(argv[4]) : 1;
  pthread_t others[16];
  long long start;
  size_t i;
  long j;
  for (i = 0; argc > 2 && i < sizeof kinds / sizeof *kinds; ++i) {
    if (strcmp(argv[1], kinds[i].name) == 0) chosen = &kinds[i];
  }
  if (chosen == NULL || threads < 1 || threads > 16) {
    fputs("usage: calls WHAT COUNT [HELD [THREADS]]\n", stderr);
    return 2;
  }
  calls = atol(argv[2]);
  if (argc > 3) hold(atol(argv[3]));
  start = now();
  for (j = 1; j < threads; ++j) require(pthread_create(&others[j], NULL, run, NULL) == 0, "pthread_create");
  run(NULL);
  for (j = 1; j < threads; ++j) pthread_join(others[j], NULL);
  if (calls > 0) printf("%9lld\n", (now() - start) / calls);
  return EXIT_SUCCESS;
}
