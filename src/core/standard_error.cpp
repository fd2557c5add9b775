#include "keepalive/standard_error.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <csignal>

#include "keepalive/file_status.h"
#include "keepalive/tcp.h"

namespace keepalive {
namespace {

constexpr int standard_input = 0;
constexpr int standard_error = 2;

struct NoTime {  // a zero timespec, large enough for either width that kernels read
  long long seconds = 0;
  long long nanoseconds = 0;
};

struct SignalSet {  // the kernel's own sigset_t, which is smaller than libc's
  unsigned long words[64 / (8 * sizeof(unsigned long))] = {};

  SignalSet& add(int signal) {
    words[0] |= 1UL << (signal - 1);
    return *this;
  }
  [[nodiscard]] bool has(int signal) const { return (words[0] & (1UL << (signal - 1))) != 0; }
};

void consume(int signal) {
#ifdef SYS_rt_sigtimedwait
  constexpr long sigtimedwait_number = SYS_rt_sigtimedwait;
#else
  constexpr long sigtimedwait_number = SYS_rt_sigtimedwait_time64;
#endif
  const SignalSet only = SignalSet{}.add(signal);
  NoTime no_time;
  system_call(sigtimedwait_number, &only, nullptr, &no_time, sizeof only);
}

long write_to(long fd, std::string_view line) { return system_call(SYS_write, fd, line.data(), line.size()); }

bool is_unix_socket(int fd) {
  const int saved_errno = errno;
  const bool is_unix = int_option(fd, SOL_SOCKET, SO_DOMAIN) == AF_UNIX;
  errno = saved_errno;
  return is_unix;
}

long write_to_socket(const FileStatus& status, std::string_view line) {
  if (!is_unix_socket(standard_error) || status.is_same_file(file_status(standard_input))) return 0;
  // Not every 32-bit kernel interface has sendto(2) as a system call of its own; all have sendmsg(2).
  iovec part{const_cast<char*>(line.data()), line.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  return system_call(SYS_sendmsg, standard_error, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// Kernels before 6.4 have no RWF_NOWAIT for pipes, but splice(2) from a pipe of our own does not wait.
long write_through_own_pipe(std::string_view line) {
  int ends[2] = {-1, -1};
  if (const long error = system_call(SYS_pipe2, ends, O_CLOEXEC); error != 0) return error;
  write_to(ends[1], line);
  const long written =
      system_call(SYS_splice, ends[0], nullptr, standard_error, nullptr, line.size(), SPLICE_F_NONBLOCK);
  system_call(SYS_close, ends[0]);
  system_call(SYS_close, ends[1]);
  return written;
}

constexpr int rwf_nowait = 8;  // RWF_NOWAIT; absent from musl's headers

long write_to_pipe(std::string_view line) {
  const iovec part{const_cast<char*>(line.data()), line.size()};
  const long written = system_call(SYS_pwritev2, standard_error, &part, 1, -1L, -1L, rwf_nowait);
  return written >= 0 || written == -EAGAIN || written == -EPIPE ? written : write_through_own_pipe(line);
}

// The number of the terminal; 0 if `fd` is not a terminal.
unsigned terminal_number(long fd) {
  unsigned number = 0;
  return system_call(SYS_ioctl, fd, TIOCGDEV, &number) == 0 ? number : 0;
}

// Whether a write of one byte does not wait.
bool has_room(int fd) {
#ifdef SYS_ppoll
  constexpr long ppoll_number = SYS_ppoll;
#else
  constexpr long ppoll_number = SYS_ppoll_time64;
#endif
  pollfd terminal{fd, POLLOUT, 0};
  NoTime no_time;
  return system_call(ppoll_number, &terminal, 1, &no_time, nullptr, 0) == 1;
}

// The slave of a pseudo-terminal: UNIX98_PTY_SLAVE_MAJOR in linux/major.h, eight numbers.
bool is_pseudo_terminal(unsigned number) { return (number >> 8 & 0xff8) == 136; }

// Writes only what fits. The buffer of a pseudo-terminal grows by 256 bytes: if it has room for one, it has room for
// 256. Other terminals get single bytes. The newline is a piece of its own, because the terminal makes two bytes of it.
void write_pieces_to_terminal(unsigned number, std::string_view line) {
  const std::size_t longest = is_pseudo_terminal(number) ? 256 : 1;
  while (!line.empty() && has_room(standard_error)) {
    const std::size_t size = line.size() - 1 < longest ? line.size() - 1 : longest;
    const long written = write_to(standard_error, {line.data(), size > 0 ? size : 1});
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

// O_NONBLOCK belongs to the open file description, which other processes share: a second one is needed. After su(1) the
// terminal's file is still the other user's, but everybody may open /dev/tty. `su -c` makes a new session,
// which has no /dev/tty.
long write_to_terminal(std::string_view line) {
  const unsigned number = terminal_number(standard_error);
  if (number == 0) return 0;
  for (const char* path : {"/proc/self/fd/2", "/dev/tty"}) {
    const long fd = system_call(SYS_openat, AT_FDCWD, path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) continue;
    const bool same = terminal_number(fd) == number;
    if (same) write_to(fd, line);
    system_call(SYS_close, fd);
    if (same) return 0;
  }
  write_pieces_to_terminal(number, line);
  return 0;
}

// /dev/null, /dev/full, /dev/kmsg: the devices with major number 1. Writing to them does not wait.
bool is_memory_device(const FileStatus& status) { return (status.special_device & ~0xffULL) == 0x100; }

// Returns the number of bytes written or a negative errno.
long write_without_waiting(std::string_view line) {
  const FileStatus status = file_status(standard_error);
  switch (status.type) {
    case S_IFREG:
      return write_to(standard_error, line);
    case S_IFSOCK:
      return write_to_socket(status, line);
    case S_IFIFO:
      return write_to_pipe(line);
    case S_IFCHR:
      return is_memory_device(status) ? write_to(standard_error, line) : write_to_terminal(line);
    default:
      return 0;
  }
}

}  // namespace

void write_to_standard_error(std::string_view line) {
  // A pipe without a reader raises SIGPIPE, a file at its size limit (RLIMIT_FSIZE) SIGXFSZ; a terminal with `tostop`
  // stops background writers.
  const SignalSet blocked = SignalSet{}.add(SIGPIPE).add(SIGXFSZ).add(SIGTTOU);
  SignalSet before;
  SignalSet pending;
  system_call(SYS_rt_sigpending, &pending, sizeof pending);
  system_call(SYS_rt_sigprocmask, SIG_BLOCK, &blocked, &before, sizeof before);
  const long written = write_without_waiting(line);
  if (written == -EPIPE && !pending.has(SIGPIPE)) consume(SIGPIPE);
  if (written == -EFBIG && !pending.has(SIGXFSZ)) consume(SIGXFSZ);
  system_call(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, sizeof before);
}

}  // namespace keepalive
