/* Checks that a socket belongs to this process alone: that its close(2) is the last one. `handed-over WAY COUNT [PORT]`
 * prints how often it was not, and ends with 0 if that never happened. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(const char* what) {
  perror(what);
  exit(2);
}

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((unsigned short)port);
  return address;
}

/* A port that is bound and does not listen. */
static int refusing_port(void) {
  struct sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(fd, (struct sockaddr*)&address, sizeof address) != 0) fail("bind");
  if (getsockname(fd, (struct sockaddr*)&address, &size) != 0) fail("getsockname");
  return ntohs(address.sin_port);
}

/* After close(2), epoll(7) reports no more events of a socket, unless another process has it open. */
static long events_after_close(long count, int port) {
  const struct sockaddr_in address = loopback(refusing_port());
  const int set = epoll_create1(0);
  long wrong = 0;
  (void)port;
  for (long i = 0; i < count; ++i) {
    struct epoll_event event = {EPOLLIN | EPOLLOUT, {0}};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
    connect(fd, (const struct sockaddr*)&address, sizeof address);
    close(fd);
    wrong += epoll_wait(set, &event, 1, 0) != 0;
  }
  return wrong;
}

/* A listener's port is free again right after close(2). */
static long ports_in_use(long count, int port) {
  const struct sockaddr_in address = loopback(port);
  long wrong = 0;
  for (long i = 0; i < count; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (const struct sockaddr*)&address, sizeof address) != 0) {
      if (errno != EADDRINUSE) fail("bind");
      ++wrong;
    } else if (listen(fd, 1) != 0) {
      fail("listen");
    }
    close(fd);
  }
  return wrong;
}

/* While one process waits in close(2) for a peer that reads nothing (SO_LINGER), others get their sockets. */
static long waits_for_others(long count, int port) {
  const struct sockaddr_in address = loopback(port);
  static const char data[1 << 16];
  const struct linger linger = {1, 20};
  const pid_t lingering = fork();
  if (lingering == 0) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) fail("connect");
    while (send(fd, data, sizeof data, MSG_DONTWAIT) > 0) continue;
    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) != 0) fail("SO_LINGER");
    puts("lingers");
    fflush(stdout);
    close(fd);
    _exit(0);
  }
  char wait_for_parent;
  if (read(STDIN_FILENO, &wait_for_parent, 1) != 1) fail("read");
  const time_t start = time(NULL);
  for (long i = 0; i < count; ++i) close(socket(AF_INET, SOCK_STREAM, 0));
  const long waited = time(NULL) - start >= 10;
  kill(lingering, SIGKILL);
  waitpid(lingering, NULL, 0);
  return waited;
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    long (*count_wrong)(long count, int port);
  } ways[] = {{"events", events_after_close}, {"ports", ports_in_use}, {"linger", waits_for_others}};
  for (size_t i = 0; argc > 3 && i < sizeof ways / sizeof *ways; ++i) {
    if (strcmp(argv[1], ways[i].name) != 0) continue;
    const long wrong = ways[i].count_wrong(atol(argv[2]), atoi(argv[3]));
    printf("%ld wrong of %s\n", wrong, argv[2]);
    return wrong != 0;
  }
  return 2;
}
