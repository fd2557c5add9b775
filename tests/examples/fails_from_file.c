/* A library that works in LD_PRELOAD, but ends each program if it is in /etc/ld.so.preload. */
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void end_the_program(void) {
  if (getenv("LD_PRELOAD") == NULL) _exit(3);
}
