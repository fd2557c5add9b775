/* A library that does well in LD_PRELOAD, and ends each program when it comes from /etc/ld.so.preload. */
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void end_the_program(void) {
  if (getenv("LD_PRELOAD") == NULL) _exit(3);
}
