/* A socket made by io_uring, without any socket call. Its user defines fail(). */
#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void fail(const char* what);

/* IORING_OP_SOCKET: Linux 5.19; not in older headers. One request, without liburing. */
static int socket_by_io_uring(void) {
  struct io_uring_params parameters;
  memset(&parameters, 0, sizeof parameters);
  const int ring = (int)syscall(SYS_io_uring_setup, 1, &parameters);
  if (ring < 0) fail("io_uring_setup");
  char* const rings = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
  struct io_uring_sqe* const request =
      mmap(NULL, sizeof *request, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
  if (rings == MAP_FAILED || request == MAP_FAILED) fail("mmap");
  memset(request, 0, sizeof *request);
  request->opcode = 45; /* IORING_OP_SOCKET */
  request->fd = AF_INET;
  request->off = SOCK_STREAM;
  *(unsigned*)(rings + parameters.sq_off.array) = 0;
  __atomic_store_n((unsigned*)(rings + parameters.sq_off.tail), 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1) fail("io_uring_enter");
  const struct io_uring_cqe* const answer = (const struct io_uring_cqe*)(rings + parameters.cq_off.cqes);
  errno = -answer->res;
  return answer->res;
}
