#include "preload/standard_error.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <poll.h>

#include <cerrno>
#include <csignal>

#include "keepalive/tcp.h"
#include "preload/system_call.h"

namespace keepalive::preload {
namespace {

constexpr int standard_error = 2;

struct NoTime {  // a zero timespec of whatever width the kernel reads
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

bool can_be_written() {
#ifdef SYS_ppoll
  constexpr long ppoll_number = SYS_ppoll;
#else
  constexpr long ppoll_number = SYS_ppoll_time64;
#endif
  pollfd descriptor{standard_error, POLLOUT, 0};
  NoTime no_time;
  return system_call(ppoll_number, &descriptor, 1UL, &no_time, nullptr, 0UL) == 1 && descriptor.revents == POLLOUT;
}

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

}  // namespace

File standard_error_file() {
  struct statx status;  // filled by the kernel
  if (system_call(SYS_statx, standard_error, "", AT_EMPTY_PATH, STATX_INO, &status) != 0) return {};
  return {status.stx_ino, status.stx_dev_major, status.stx_dev_minor};
}

void write_to_standard_error(std::string_view line) {
  const int saved_errno = errno;
  // A TCP connection there is a service's peer (inetd), not a person who reads messages.
  if (can_be_written() && !is_tcp(standard_error)) {
    // A reader that goes away just now raises SIGPIPE, a file at its limit (RLIMIT_FSIZE) SIGXFSZ; a terminal with
    // `tostop` stops background writers.
    const SignalSet blocked = SignalSet{}.add(SIGPIPE).add(SIGXFSZ).add(SIGTTOU);
    SignalSet before;
    SignalSet pending;
    system_call(SYS_rt_sigpending, &pending, sizeof pending);
    system_call(SYS_rt_sigprocmask, SIG_BLOCK, &blocked, &before, sizeof before);
    const long written = system_call(SYS_write, standard_error, line.data(), line.size());
    if (written == -EPIPE && !pending.has(SIGPIPE)) consume(SIGPIPE);
    if (written == -EFBIG && !pending.has(SIGXFSZ)) consume(SIGXFSZ);
    system_call(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, sizeof before);
  }
  errno = saved_errno;
}

}  // namespace keepalive::preload
