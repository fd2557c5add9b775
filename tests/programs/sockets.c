/* Makes sockets in many ways and prints the options that they have. Plain C, so that it can be built for every libc;
 * knows nothing of the library. Usage: sockets SCENARIO. */
#define _GNU_SOURCE
#include "sockets.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

void fail(const char* what) {
  perror(what);
  exit(EXIT_FAILURE);
}

static void print_option(const char* text, int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(fd, level, name, &value, &size) == 0) {
    printf(" %s=%d", text, value);
  } else {
    printf(" %s=refused", text);
  }
}

static void print_tcp(const char* label, int fd) {
  printf("%s:", label);
  print_option("SO_KEEPALIVE", fd, SOL_SOCKET, SO_KEEPALIVE);
  print_option("TCP_KEEPCNT", fd, IPPROTO_TCP, TCP_KEEPCNT);
  print_option("TCP_KEEPIDLE", fd, IPPROTO_TCP, TCP_KEEPIDLE);
  print_option("TCP_KEEPINTVL", fd, IPPROTO_TCP, TCP_KEEPINTVL);
  print_option("TCP_USER_TIMEOUT", fd, IPPROTO_TCP, TCP_USER_TIMEOUT);
  printf("\n");
}

static void set(int fd, int level, int name, int value) {
  if (setsockopt(fd, level, name, &value, sizeof value) != 0) fail("setsockopt");
}

static int set_by_number(int fd, int level, int name, int value) {
  return (int)syscall(SYS_setsockopt, fd, level, name, &value, sizeof value);
}

int socket_by_number(int domain) { return (int)syscall(SYS_socket, domain, SOCK_STREAM, 0); }

void bind_to_loopback(int fd, struct sockaddr_in* address) {
  socklen_t size = sizeof *address;
  memset(address, 0, sizeof *address);
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (struct sockaddr*)address, sizeof *address) != 0) fail("bind");
  if (getsockname(fd, (struct sockaddr*)address, &size) != 0) fail("getsockname");
}

int inherited_listener(struct sockaddr_in* address) {
  int fd = socket_by_number(AF_INET);
  bind_to_loopback(fd, address);
  if (syscall(SYS_listen, fd, 16) != 0) fail("listen");
  return fd;
}

int connect_by_number(const struct sockaddr_in* address) {
  int fd = socket_by_number(AF_INET);
  if (syscall(SYS_connect, fd, address, sizeof *address) != 0) fail("connect");
  return fd;
}

static void kind(const char* label, int domain, int type, int protocol) {
  int fd = socket(domain, type, protocol);
  if (fd < 0) {
    printf("%s: unavailable\n", label);
    return;
  }
  if ((type & 0xf) == SOCK_STREAM && domain != AF_UNIX) {
    print_tcp(label, fd);
  } else {
    printf("%s:", label);
    print_option("SO_KEEPALIVE", fd, SOL_SOCKET, SO_KEEPALIVE);
    printf("\n");
  }
  close(fd);
}

static void kinds(void) {
  kind("tcp4", AF_INET, SOCK_STREAM, 0);
  kind("tcp4-named", AF_INET, SOCK_STREAM, IPPROTO_TCP);
  kind("tcp4-flags", AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  kind("tcp6", AF_INET6, SOCK_STREAM, 0);
  kind("tcp6-named", AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
}

static void mptcp(void) {
  kind("mptcp4", AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
  kind("mptcp6", AF_INET6, SOCK_STREAM, IPPROTO_MPTCP);
}

static void others(void) {
  kind("udp4", AF_INET, SOCK_DGRAM, 0);
  kind("udp6", AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
  kind("unix-stream", AF_UNIX, SOCK_STREAM, 0);
  kind("unix-datagram", AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  kind("netlink", AF_NETLINK, SOCK_RAW, 0);
  kind("raw-tcp4", AF_INET, SOCK_RAW, IPPROTO_TCP);
  kind("raw-tcp6", AF_INET6, SOCK_RAW, IPPROTO_TCP);
  kind("packet", AF_PACKET, SOCK_RAW, 0);
}

static void accept_all_ways(int listener, const struct sockaddr_in* address) {
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  connect_by_number(address);
  print_tcp("accept", accept(listener, (struct sockaddr*)&peer, &size));
  connect_by_number(address);
  print_tcp("accept-no-address", accept(listener, NULL, NULL));
  connect_by_number(address);
  size = 0;
  print_tcp("accept-no-room", accept(listener, (struct sockaddr*)&peer, &size));
  connect_by_number(address);
  size = sizeof peer;
  print_tcp("accept4", accept4(listener, (struct sockaddr*)&peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
  connect_by_number(address);
  print_tcp("accept4-no-address", accept4(listener, NULL, NULL, 0));
}

static void accept_inherited(void) {
  struct sockaddr_in address;
  int listener = inherited_listener(&address);
  accept_all_ways(listener, &address);
}

/* The program gave its listener values of its own: accepted sockets have them. */
static void accept_own(void) {
  struct sockaddr_in address;
  int listener = inherited_listener(&address);
  set_by_number(listener, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_by_number(listener, IPPROTO_TCP, TCP_KEEPIDLE, 33);
  accept_all_ways(listener, &address);
}

/* The listener has keepalive on, with the system's timers. */
static void accept_on(void) {
  struct sockaddr_in address;
  int listener = inherited_listener(&address);
  set_by_number(listener, SOL_SOCKET, SO_KEEPALIVE, 1);
  accept_all_ways(listener, &address);
}

static void accept_unix(void) {
  struct sockaddr_un address;
  socklen_t size = sizeof(sa_family_t);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  int accepted;
  int i;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  if (bind(listener, (struct sockaddr*)&address, sizeof(sa_family_t)) != 0) fail("bind"); /* an abstract name */
  size = sizeof address;
  if (getsockname(listener, (struct sockaddr*)&address, &size) != 0) fail("getsockname");
  if (listen(listener, 4) != 0) fail("listen");
  for (i = 0; i < 2; ++i) {
    struct sockaddr_un peer;
    socklen_t peer_size = sizeof peer;
    if (connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr*)&address, size) != 0) fail("connect");
    accepted = i == 0 ? accept(listener, (struct sockaddr*)&peer, &peer_size) : accept(listener, NULL, NULL);
    if (accepted < 0) fail("accept");
    printf("%s:", i == 0 ? "unix" : "unix-no-address");
    print_option("SO_KEEPALIVE", accepted, SOL_SOCKET, SO_KEEPALIVE);
    printf("\n");
  }
}

static void own_values(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 33);
  set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 44000);
  print_tcp("values", fd);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
  print_tcp("turned-off", fd);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  print_tcp("turned-on", fd);
}

/* Sockets that the library has not seen, when the program sets options. */
static void set_late(void) {
  int fd = socket_by_number(AF_INET);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 33);
  print_tcp("idle", fd);
  fd = socket_by_number(AF_INET);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  print_tcp("keepalive", fd);
  fd = socket_by_number(AF_INET);
  set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 44000); /* not given by the user */
  print_tcp("other", fd);
}

static void made_by_number(void) {
  struct sockaddr_in address;
  int listener = socket_by_number(AF_INET);
  int client = socket_by_number(AF_INET);
  bind_to_loopback(listener, &address);
  if (listen(listener, 4) != 0) fail("listen");
  print_tcp("listen", listener);
  if (connect(client, (struct sockaddr*)&address, sizeof address) != 0) fail("connect");
  print_tcp("connect", client);
}

static const struct {
  const char* name;
  void (*play)(void);
} scenarios[] = {
    {"kinds", kinds},           {"mptcp", mptcp},
    {"others", others},         {"accept-inherited", accept_inherited},
    {"accept-own", accept_own}, {"accept-unix", accept_unix},
    {"own-values", own_values}, {"made-by-number", made_by_number},
    {"errno", errno_kept},      {"addresses", addresses},
    {"flags", flags},           {"accept-on", accept_on},
    {"set-late", set_late},
};

int main(int argc, char** argv) {
  size_t i;
  for (i = 0; argc == 2 && i < sizeof scenarios / sizeof *scenarios; ++i) {
    if (strcmp(argv[1], scenarios[i].name) == 0) {
      scenarios[i].play();
      return EXIT_SUCCESS;
    }
  }
  fprintf(stderr, "usage: sockets SCENARIO\n");
  return 2;
}
