/* Prints whether the system call behind socket() carries the mark of keepalive/supervision.h: a filter of its own looks
 * at the sixth argument, as the supervisor's does. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { mark = 0x6b616c76, marked = EXFULL, plain = EDOTDOT };

static const char* kind_of(int domain, int type) {
  if (socket(domain, type, 0) >= 0) return "made";
  return errno == marked ? "marked" : errno == plain ? "plain" : "refused";
}

int main(void) {
  struct sock_filter instructions[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5]) + 4),
#else
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
#endif
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, mark, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | marked),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | plain),
  };
  const struct sock_fprog filter = {sizeof instructions / sizeof *instructions, instructions};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 1;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) return 1;
  printf("%s\n", kind_of(AF_INET, SOCK_STREAM));
  printf("%s\n", kind_of(AF_INET6, SOCK_STREAM));
  return 0;
}
