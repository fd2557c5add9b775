/* A program for 32-bit x86 that makes all its socket calls through socketcall(2), as old ones do. Without libc, so that
 * no 32-bit libc is needed to build it. Usage: socketcall PORT connects and waits; without PORT it listens on a port
 * that the kernel chooses, accepts and waits. */

static int call(int number, long a, long b, long c) {
  int result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}

static int socket_call(int which, long a, long b, long c, long d, long e) {
  long words[5] = {a, b, c, d, e};
  return call(102, which, (long)words, 0);
}

static void leave(int status) {
  for (;;) call(1, status, 0, 0);
}

static void check(int result, int status) {
  if (result < 0) leave(status);
}

static int number_in(const char* text) {
  int number = 0;
  for (; *text >= '0' && *text <= '9'; ++text) number = number * 10 + (*text - '0');
  return number;
}

/* The stack as the kernel leaves it: the count of arguments, then pointers to them. */
__attribute__((used)) void begin(const long* stack) {
  const int port = stack[0] > 1 ? number_in((const char*)stack[2]) : 0;
  unsigned char address[16] = {2, 0, (unsigned char)(port >> 8), (unsigned char)port, 127, 0, 0, 1};
  const int off = 0;
  const int fd = socket_call(1, 2, 1, 0, 0, 0);
  check(fd, 1);
  if (port != 0) {
    check(socket_call(3, fd, (long)address, sizeof address, 0, 0), 2);
    /* setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, 0): has an effect, except under a supervisor with --force. */
    if (stack[0] > 2) check(socket_call(14, fd, 1, 9, (long)&off, sizeof off), 3);
  } else {
    check(socket_call(2, fd, (long)address, sizeof address, 0, 0), 4);
    check(socket_call(4, fd, 8, 0, 0, 0), 5);
    check(socket_call(5, fd, 0, 0, 0, 0), 6);
  }
  char byte;
  while (call(3, 0, (long)&byte, 1) > 0) {
  }
  leave(0);
}

__asm__(".globl _start\n_start: mov %esp, %eax\n and $-16, %esp\n sub $12, %esp\n push %eax\n call begin\n");
