/* A preload library that says so when socket() is called, and calls the next one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int socket(int domain, int type, int protocol) {
  static const char text[] = "seen\n";
  int (*next)(int, int, int);
  void* const found = dlsym(RTLD_NEXT, "socket");
  memcpy(&next, &found, sizeof next);
  if (write(STDOUT_FILENO, text, sizeof text - 1) < 0) return -1;
  return next(domain, type, protocol);
}
