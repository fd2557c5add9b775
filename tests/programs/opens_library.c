/* Loads the library named as argument with dlopen(), locally and globally, uses sockets, and closes it. */
#include <dlfcn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
  static const int flags[] = {RTLD_NOW | RTLD_LOCAL, RTLD_NOW | RTLD_GLOBAL};
  unsigned i;
  for (i = 0; i < 2 && argc == 2; ++i) {
    void* handle = dlopen(argv[1], flags[i]);
    int (*open_socket)(int, int, int);
    if (handle == NULL) {
      printf("%s\n", dlerror());
      return 1;
    }
    *(void**)&open_socket = dlsym(handle, "socket");
    if (open_socket(AF_INET, SOCK_STREAM, 0) < 0 || socket(AF_INET, SOCK_STREAM, 0) < 0) return 1;
    dlclose(handle);
    if (open_socket(AF_INET6, SOCK_STREAM, 0) < 0) return 1; /* it stays: other threads may be inside */
  }
  printf("unharmed\n");
  return 0;
}
