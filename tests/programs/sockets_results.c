/* What socket calls return, which no preload library may change. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sockets.h"

static void print_answer(const char* label, int result) {
  printf("%s: %d errno %d\n", label, result < 0 ? -1 : 0, errno);
  errno = EXDEV; /* nothing here sets it */
}

void errno_kept(void) {
  struct sockaddr_in address;
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  int on = 1;
  int listener;
  int client;
  errno = EXDEV;
  listener = socket(AF_INET, SOCK_STREAM, 0);
  print_answer("socket", listener);
  print_answer("mptcp socket", socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP));
  print_answer("udp socket", socket(AF_INET, SOCK_DGRAM, 0));
  bind_to_loopback(listener, &address);
  print_answer("listen", listen(listener, 4));
  client = socket(AF_INET, SOCK_STREAM, 0);
  print_answer("connect", connect(client, (struct sockaddr*)&address, sizeof address));
  print_answer("accept", accept(listener, (struct sockaddr*)&peer, &size));
  connect_by_number(&address);
  print_answer("accept4", accept4(listener, NULL, NULL, 0));
  print_answer("setsockopt", setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
  print_answer("socket -1", socket(-1, SOCK_STREAM, 0));
  print_answer("socket bad protocol", socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
  print_answer("accept -1", accept(-1, NULL, NULL));
  print_answer("accept4 bad flags", accept4(client, NULL, NULL, 1 << 30));
  print_answer("accept on a client", accept(client, NULL, NULL));
  connect_by_number(&address);
  print_answer("accept no length", accept(listener, (struct sockaddr*)&peer, NULL));
  print_answer("connect -1", connect(-1, (struct sockaddr*)&address, sizeof address));
  print_answer("connect twice", connect(client, (struct sockaddr*)&address, sizeof address));
  print_answer("listen -1", listen(-1, 4));
  print_answer("setsockopt -1", setsockopt(-1, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
  print_answer("setsockopt null", setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, NULL, sizeof on));
  print_answer("setsockopt short", setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &on, 1));
  print_answer("setsockopt negative", setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &on, (socklen_t)-1));
  print_answer("setsockopt not a socket", setsockopt(0, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
}

/* Compares the address and length that accept() returns with those of the kernel, for buffers of all sizes. */
void addresses(void) {
  struct sockaddr_in address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  socklen_t room;
  int same = 1;
  bind_to_loopback(listener, &address);
  if (listen(listener, 64) != 0) fail("listen");
  for (room = 0; room <= 32; ++room) {
    unsigned char ours[64];
    unsigned char kernels[64];
    socklen_t our_size = room;
    socklen_t kernels_size = room;
    struct sockaddr_in client_address;
    int client = socket_by_number(AF_INET);
    memset(ours, 0xaa, sizeof ours);
    memset(kernels, 0xaa, sizeof kernels);
    bind_to_loopback(client, &client_address);
    if (syscall(SYS_connect, client, &address, sizeof address) != 0) fail("connect");
    close(accept(listener, (struct sockaddr*)ours, &our_size));
    if (our_size != sizeof client_address) same = 0;
    if (memcmp(ours, &client_address, room < sizeof client_address ? room : sizeof client_address) != 0) same = 0;
    close(client);
    connect_by_number(&address);
    close((int)syscall(SYS_accept4, listener, kernels, &kernels_size, 0));
    if (kernels_size != our_size) same = 0;
    /* Beyond the address both buffers are as they were. */
    if (memcmp(ours + 16, kernels + 16, sizeof ours - 16) != 0 || ours[room < 16 ? room : 16] != 0xaa) same = 0;
  }
  printf("addresses: %s\n", same ? "the kernel's" : "changed");
}

static void print_flags(const char* label, int fd) {
  printf("%s: %s %s\n", label, fcntl(fd, F_GETFD) & FD_CLOEXEC ? "cloexec" : "-",
         fcntl(fd, F_GETFL) & O_NONBLOCK ? "nonblock" : "-");
}

void flags(void) {
  struct sockaddr_in address;
  int listener = inherited_listener(&address);
  print_flags("socket", socket(AF_INET, SOCK_STREAM, 0));
  print_flags("socket-cloexec", socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  print_flags("socket-both", socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  connect_by_number(&address);
  print_flags("accept", accept(listener, NULL, NULL));
  connect_by_number(&address);
  print_flags("accept4-nonblock", accept4(listener, NULL, NULL, SOCK_NONBLOCK));
  connect_by_number(&address);
  print_flags("accept4-both", accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
}
