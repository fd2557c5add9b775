/// @file
/// Programs with a seccomp filter, and in a root without any file but their own.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>

#include "situations.h"

namespace {

void filter(int system_call, unsigned action) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(system_call), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog whole{sizeof program / sizeof *program, program};
  check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0) == 0, "seccomp");
}

// Nothing may change for the program: sockets work, errno stays, connections are made and accepted.
void use_sockets() {
  sockaddr_in address;
  const int waiting = listener(address);
  errno = EXDEV;
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  check(client >= 0 && errno == EXDEV, "socket");
  check(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && errno == EXDEV, "connect");
  sockaddr_in peer;
  socklen_t size = sizeof peer;
  check(accept(waiting, reinterpret_cast<sockaddr*>(&peer), &size) >= 0 && errno == EXDEV, "accept");
  check(size == sizeof peer && peer.sin_family == AF_INET, "the address");
}

void refused_setsockopt() {
  filter(SYS_setsockopt, SECCOMP_RET_ERRNO | EPERM);
  use_sockets();
}

void refused_getsockopt() {
  filter(SYS_getsockopt, SECCOMP_RET_ERRNO | EPERM);
  use_sockets();
}

void killed_by_setsockopt() {
  filter(SYS_setsockopt, SECCOMP_RET_KILL_PROCESS);
  use_sockets();
}

void nothing_but_the_root() { tcp_socket(); }

}  // namespace

const Situations sandboxes{
    {"refused-setsockopt", refused_setsockopt},
    {"refused-getsockopt", refused_getsockopt},
    {"killed-by-setsockopt", killed_by_setsockopt},
    {"nothing-but-the-root", nothing_but_the_root},
};
