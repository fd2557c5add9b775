/// @file
/// Situations in which preload libraries harm their hosts. `situations NAME` plays one and prints "unharmed", or what
/// went wrong. The environment asks for the values of the HOWTO's session; `--without-keepalive` as second argument
/// says that no socket is expected to have them.
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "situations.h"

bool keepalive_expected = true;

namespace {

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

void check(bool condition, const char* what) {
  if (condition) return;
  dprintf(STDOUT_FILENO, "harmed: %s (errno %d)\n", what, errno);
  _exit(EXIT_FAILURE);
}

bool has_values(int fd) {
  return option(fd, SOL_SOCKET, SO_KEEPALIVE) == 1 && option(fd, IPPROTO_TCP, TCP_KEEPCNT) == 20 &&
         option(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 180 && option(fd, IPPROTO_TCP, TCP_KEEPINTVL) == 60;
}

int tcp_socket() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  check(fd >= 0, "no socket");
  check(has_values(fd) == keepalive_expected, "not the values asked for");
  return fd;
}

int listener(sockaddr_in& address) {
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int fd = static_cast<int>(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
  check(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  check(listen(fd, 64) == 0, "listen");
  check(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  return fd;
}

int open_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) != -1 ? 1 : 0;
  return count;
}

void wait_for_success(pid_t child) {
  int status = 0;
  check(waitpid(child, &status, 0) == child, "waitpid");
  check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child was harmed");
}

int main(int argc, char** argv) {
  for (const Situations* situations : {&sandboxes, &with_cancellation, &with_descriptors, &with_threads}) {
    const auto found = situations->find(argc >= 2 ? argv[1] : "");
    if (found == situations->end()) continue;
    keepalive_expected = argc < 3;
    alarm(10);  // a program that waits for ever is harmed
    found->second();
    dprintf(STDOUT_FILENO, "unharmed\n");
    return EXIT_SUCCESS;
  }
  std::fputs("usage: situations NAME [--without-keepalive]\n", stderr);
  return 2;
}
