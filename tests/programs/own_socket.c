/* A program that defines socket() itself, and calls its own one. */
#include <stdio.h>
#include <sys/socket.h>

int socket(int domain, int type, int protocol) {
  (void)domain;
  (void)type;
  (void)protocol;
  return 4242;
}

int main(void) {
  printf("%d\n", socket(AF_INET, SOCK_STREAM, 0));
  return 0;
}
