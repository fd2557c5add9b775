/* Opens connections in ways that a preload library does not see, or from processes that come and go. Plain C, so that
 * it can be linked statically and for every libc. Usage: beyond WAY PORT, or beyond server. Its connections stay open
 * until its standard input ends. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#if __has_include(<linux/io_uring.h>) /* musl-gcc does not look where the kernel's headers are */
#include "io_uring_socket.h"
#define HAS_IO_URING
#endif

static const char* port;

static void fail(const char* what) {
  perror(what);
  exit(EXIT_FAILURE);
}

static struct sockaddr_in loopback(void) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((unsigned short)(port != NULL ? atoi(port) : 0));
  return address;
}

static void wait_for_end_of_input(void) {
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

static void set(int fd, int level, int name, int value) {
  if (setsockopt(fd, level, name, &value, sizeof value) != 0) fail("setsockopt");
}

static void connect_socket(int fd) {
  const struct sockaddr_in address = loopback();
  if (fd < 0 || connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) fail("connect");
}

static void client(void) { connect_socket(socket(AF_INET, SOCK_STREAM, 0)); }

static void by_number(void) {
  const struct sockaddr_in address = loopback();
  const long fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || syscall(SYS_connect, fd, &address, sizeof address) != 0) fail("connect by number");
}

#ifdef HAS_IO_URING
static void by_io_uring(void) { connect_socket(socket_by_io_uring()); }

#endif

static void* run_in_thread(void* nothing) {
  connect_socket(socket(AF_INET, SOCK_STREAM, 0));
  return nothing;
}

static void in_thread(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, run_in_thread, NULL) != 0) fail("pthread_create");
  pthread_join(thread, NULL);
}

static void in_child(void) {
  const pid_t child = fork();
  if (child == 0) {
    client();
    wait_for_end_of_input();
    exit(EXIT_SUCCESS);
  }
  waitpid(child, NULL, 0);
}

static void in_vfork_child(void) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const struct sockaddr_in address = loopback();
  const pid_t child = vfork();
  if (child == 0) {
    _exit(connect(fd, (const struct sockaddr*)&address, sizeof address) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) fail("connect in the child");
}

static void after_exec(void) {
  execl("/proc/self/exe", "beyond", "client", port, (char*)NULL);
  fail("execl");
}

/* Outlives the program: connects when that has ended, and prints its number first. */
static void in_daemon(void) {
  const pid_t parent = getpid();
  if (fork() != 0) exit(EXIT_SUCCESS);
  setsid();
  while (getppid() == parent) poll(NULL, 0, 1);
  printf("%d\n", getpid());
  fflush(stdout);
  client();
}

/* A line of input for each connection, and a line of output that tells how it went. */
static void on_request(void) {
  char line[8];
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL) {
    const struct sockaddr_in address = loopback();
    errno = 0;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const int result = fd < 0 ? -1 : connect(fd, (const struct sockaddr*)&address, sizeof address);
    printf("%d %s\n", result, strerror(errno));
    fflush(stdout);
  }
}

/* Turns keepalive off. */
static void without_keepalive(void) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect_socket(fd);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
}

/* The same, with a second connect(2) to learn how the first went. */
static void asks_again(void) {
  const struct sockaddr_in address = loopback();
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct pollfd connected = {fd, POLLOUT, 0};
  connect(fd, (const struct sockaddr*)&address, sizeof address);
  if (poll(&connected, 1, 10000) != 1) fail("poll");
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
  if (connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) fail("connect");
}

/* A process that no debugger may attach to (ptrace(2)). */
static void untraceable(void) {
  prctl(PR_SET_DUMPABLE, 0);
  client();
}

/* Connects by sending the first data, without connect(2). */
static void fast_open(void) {
  const struct sockaddr_in address = loopback();
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (sendto(fd, "x", 1, MSG_FASTOPEN, (const struct sockaddr*)&address, sizeof address) != 1) fail("sendto");
}

static void mptcp(void) { connect_socket(socket(AF_INET, SOCK_STREAM, 262 /* IPPROTO_MPTCP */)); }

/* To an IPv4 peer, as Java does. */
static void over_ipv6(void) {
  struct sockaddr_in6 address;
  memset(&address, 0, sizeof address);
  address.sin6_family = AF_INET6;
  address.sin6_port = loopback().sin_port;
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &address.sin6_addr);
  const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  if (connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) fail("connect over IPv6");
}

/* Turns keepalive on, and leaves the values to the system: psql, lftp, pgbouncer. */
static void only_on(void) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  connect_socket(fd);
}

/* Sets values of its own. */
static void with_own_values(void) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, 4 /* TCP_KEEPIDLE */, 33);
  connect_socket(fd);
  set(fd, IPPROTO_TCP, 5 /* TCP_KEEPINTVL */, 33);
}

static void server(void) {
  const struct sockaddr_in address = loopback();
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (const struct sockaddr*)&address, sizeof address) != 0 || listen(listener, 8) != 0) fail("listen");
  if (accept(listener, NULL, NULL) < 0) fail("accept");
}

static const struct {
  const char* name;
  void (*act)(void);
} ways[] = {
#ifdef HAS_IO_URING
    {"by-io-uring", by_io_uring},
#endif
    {"client", client},
    {"by-number", by_number},
    {"in-thread", in_thread},
    {"in-child", in_child},
    {"in-vfork-child", in_vfork_child},
    {"after-exec", after_exec},
    {"in-daemon", in_daemon},
    {"on-request", on_request},
    {"without-keepalive", without_keepalive},
    {"with-own-values", with_own_values},
    {"asks-again", asks_again},
    {"untraceable", untraceable},
    {"fast-open", fast_open},
    {"mptcp", mptcp},
    {"over-ipv6", over_ipv6},
    {"only-on", only_on},
    {"server", server},
};

int main(int argc, char** argv) {
  port = argc > 2 ? argv[2] : NULL;
  for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; ++i) {
    if (strcmp(argv[1], ways[i].name) == 0) {
      ways[i].act();
      wait_for_end_of_input();
      return EXIT_SUCCESS;
    }
  }
  fprintf(stderr, "usage: beyond WAY PORT\n");
  return 2;
}
