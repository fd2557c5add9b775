/* Makes its system calls itself, as programs compiled by Free Pascal do, and has a section of theirs. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((used, section(".fpcdata"))) static char data[64] = "data";

int main(void) {
  const long fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
  int on = 0;
  int idle = 0;
  socklen_t size = sizeof on;
  getsockopt((int)fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size);
  getsockopt((int)fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, &size);
  printf("SO_KEEPALIVE %d, TCP_KEEPIDLE %d\n", on, idle);
  return 0;
}
