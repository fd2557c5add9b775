/* Opens connections in ways that a preload library does not see, or from processes that come and go. Plain C, so that
 * it can be linked statically and for every libc. Usage: beyond WAY PORT, or beyond server. What it has connected it
 * keeps until its standard input ends. */
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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#if __has_include(<linux/io_uring.h>) /* musl-gcc does not look where the kernel's headers are */
#include <linux/io_uring.h>
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

static void connect_socket(int fd) {
  const struct sockaddr_in address = loopback();
  if (fd < 0 || connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) fail("connect");
}

static void client(void) {
  connect_socket(socket(AF_INET, SOCK_STREAM, 0));
  wait_for_end_of_input();
}

static void by_number(void) {
  const struct sockaddr_in address = loopback();
  const long fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || syscall(SYS_connect, fd, &address, sizeof address) != 0) fail("connect by number");
  wait_for_end_of_input();
}

#ifdef HAS_IO_URING
/* IORING_OP_SOCKET: Linux 5.19; not in older headers. One request, by hand, for there is no library for it here. */
static int socket_by_io_uring(void) {
  struct io_uring_params parameters;
  memset(&parameters, 0, sizeof parameters);
  const int ring = (int)syscall(SYS_io_uring_setup, 1, &parameters);
  if (ring < 0) fail("io_uring_setup");
  char* const rings = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
  struct io_uring_sqe* const request =
      mmap(NULL, sizeof *request, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
  if (rings == MAP_FAILED || request == MAP_FAILED) fail("mmap");
  memset(request, 0, sizeof *request);
  request->opcode = 45; /* IORING_OP_SOCKET */
  request->fd = AF_INET;
  request->off = SOCK_STREAM;
  *(unsigned*)(rings + parameters.sq_off.array) = 0;
  __atomic_store_n((unsigned*)(rings + parameters.sq_off.tail), 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1) fail("io_uring_enter");
  const struct io_uring_cqe* const answer = (const struct io_uring_cqe*)(rings + parameters.cq_off.cqes);
  errno = -answer->res;
  return answer->res;
}

static void by_io_uring(void) {
  connect_socket(socket_by_io_uring());
  wait_for_end_of_input();
}

#endif

static void* run_in_thread(void* nothing) {
  connect_socket(socket(AF_INET, SOCK_STREAM, 0));
  return nothing;
}

static void in_thread(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, run_in_thread, NULL) != 0) fail("pthread_create");
  pthread_join(thread, NULL);
  wait_for_end_of_input();
}

static void in_child(void) {
  const pid_t child = fork();
  if (child == 0) {
    client();
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
  wait_for_end_of_input();
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

/* What a program does that wants no keepalive. */
static void without_keepalive(void) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int off = 0;
  connect_socket(fd);
  if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof off) != 0) fail("setsockopt");
  wait_for_end_of_input();
}

/* The same, with a second connect(2) to learn how the first went. */
static void asks_again(void) {
  const struct sockaddr_in address = loopback();
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int off = 0;
  struct pollfd connected = {fd, POLLOUT, 0};
  connect(fd, (const struct sockaddr*)&address, sizeof address);
  if (poll(&connected, 1, 10000) != 1) fail("poll");
  if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof off) != 0) fail("setsockopt");
  if (connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) fail("connect");
  wait_for_end_of_input();
}

/* A process that none may attach to. */
static void untraceable(void) {
  prctl(PR_SET_DUMPABLE, 0);
  client();
}

/* Connects with the first data: there is no connect(2) to see. */
static void fast_open(void) {
  const struct sockaddr_in address = loopback();
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (sendto(fd, "x", 1, MSG_FASTOPEN, (const struct sockaddr*)&address, sizeof address) != 1) fail("sendto");
  wait_for_end_of_input();
}

static void mptcp(void) {
  connect_socket(socket(AF_INET, SOCK_STREAM, 262 /* IPPROTO_MPTCP */));
  wait_for_end_of_input();
}

/* To an IPv4 peer, as Java does. */
static void over_ipv6(void) {
  struct sockaddr_in6 address;
  memset(&address, 0, sizeof address);
  address.sin6_family = AF_INET6;
  address.sin6_port = loopback().sin_port;
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &address.sin6_addr);
  const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  if (connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) fail("connect over IPv6");
  wait_for_end_of_input();
}

/* Turns keepalive on, and leaves the values to the system: psql, lftp, pgbouncer. */
static void only_on(void) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0) fail("setsockopt");
  connect_socket(fd);
  wait_for_end_of_input();
}

/* And one that wants its own. */
static void with_own_values(void) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  const int value = 33;
  if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0 ||
      setsockopt(fd, IPPROTO_TCP, 4 /* TCP_KEEPIDLE */, &value, sizeof value) != 0) {
    fail("setsockopt");
  }
  connect_socket(fd);
  if (setsockopt(fd, IPPROTO_TCP, 5 /* TCP_KEEPINTVL */, &value, sizeof value) != 0) fail("setsockopt");
  wait_for_end_of_input();
}

static void server(void) {
  const struct sockaddr_in address = loopback();
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (const struct sockaddr*)&address, sizeof address) != 0 || listen(listener, 8) != 0) fail("listen");
  if (accept(listener, NULL, NULL) < 0) fail("accept");
  wait_for_end_of_input();
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
      return EXIT_SUCCESS;
    }
  }
  fprintf(stderr, "usage: beyond WAY PORT\n");
  return 2;
}
