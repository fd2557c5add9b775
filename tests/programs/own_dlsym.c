/* A preload library with a dlsym() of its own, as overlays for games have it. It answers with the function that the
 * program would call, which may be the asking library's own, or with nothing (OWN_DLSYM=null). */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int accept4(int fd, struct sockaddr* address, socklen_t* length, int flags);

void* dlsym(void* handle, const char* name) {
  static void* (*const answers[])(void) = {
      (void* (*)(void))socket,     (void* (*)(void))accept,  (void* (*)(void))accept4,
      (void* (*)(void))setsockopt, (void* (*)(void))connect, (void* (*)(void))listen,
  };
  static const char* const names[] = {"socket", "accept", "accept4", "setsockopt", "connect", "listen"};
  const char* const kind = getenv("OWN_DLSYM");
  size_t i;
  (void)handle;
  if (kind != NULL && strcmp(kind, "null") == 0) return NULL;
  for (i = 0; i < sizeof names / sizeof *names; ++i) {
    if (strcmp(name, names[i]) == 0) {
      void* answer;
      memcpy(&answer, &answers[i], sizeof answer);
      return answer;
    }
  }
  return NULL;
}
