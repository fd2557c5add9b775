/// @file
/// Errors, results and descriptors as a program expects them; sockets at the end of a program.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "situations.h"

namespace {

void at_exit_handler() {
  std::atexit([] {
    close(tcp_socket());
    std::puts("unharmed");
  });
  std::exit(EXIT_SUCCESS);
}

void untouched_errno() {
  errno = EXDEV;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  check(errno == EXDEV, "errno after a success");
  check(fd >= 0, "no socket");
}

void untouched_dlerror() {
  const char* error = dlerror();
  check(error == nullptr, "an error of dlsym() that is not the program's");
}

void socket_flags() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  check((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, "the flags of socket()");
}

void accept_without_address() {
  sockaddr_in address;
  const int waiting = listener(address);
  const int client = static_cast<int>(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
  check(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connect");
  const int accepted = accept(waiting, nullptr, nullptr);
  check(accepted >= 0 && has_values(accepted) == keepalive_expected, "not the values asked for");
}

void too_many_descriptors() {
  const rlimit few{32, 32};
  check(setrlimit(RLIMIT_NOFILE, &few) == 0, "setrlimit");
  while (dup(STDIN_FILENO) >= 0) {
  }
  check(socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == EMFILE, "EMFILE");
}

void descriptor_zero() {
  close(STDIN_FILENO);
  check(tcp_socket() == STDIN_FILENO, "the lowest descriptor");
}

void closed_standard_descriptors() {
  const int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100);
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) close(fd);
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) check(tcp_socket() == fd, "the lowest descriptor");
  dup2(saved, STDOUT_FILENO);
}

void nothing_held_open() { check(open_descriptors() == 3, "a descriptor that the program did not open"); }

// A daemon closes everything. A file that it opens then gets one of these numbers, and nobody else may write to it.
void closed_everything() {
  for (int fd = 3; fd < 1024; ++fd) close(fd);
  const int file = static_cast<int>(memfd_create("file", 0));
  for (int i = 0; i < 10; ++i) close(tcp_socket());
  check(lseek(file, 0, SEEK_END) == 0, "bytes in the program's file");
}

// A bad setting is reported at load only: when the program opens a socket, descriptor 2 may be a file of its own.
void reused_standard_error() {
  const int file = static_cast<int>(memfd_create("file", 0));
  dup2(file, STDERR_FILENO);
  close(socket(AF_INET, SOCK_STREAM, 0));
  check(lseek(STDERR_FILENO, 0, SEEK_END) == 0, "bytes in the program's file");
}

}  // namespace

const Situations with_descriptors{
    {"at-exit-handler", at_exit_handler},
    {"untouched-errno", untouched_errno},
    {"untouched-dlerror", untouched_dlerror},
    {"socket-flags", socket_flags},
    {"accept-without-address", accept_without_address},
    {"too-many-descriptors", too_many_descriptors},
    {"descriptor-zero", descriptor_zero},
    {"closed-standard-descriptors", closed_standard_descriptors},
    {"nothing-held-open", nothing_held_open},
    {"closed-everything", closed_everything},
    {"reused-standard-error", reused_standard_error},
};
