#include "keepalive/apply.h"

#include <cerrno>

#include "keepalive/tcp.h"

namespace keepalive {
namespace {

constexpr int on = 1;

// 0 or the errno of the refusal.
int set(int fd, int level, int name, const int& value, SetSocketOption set_option) {
  return set_option(fd, level, name, &value, sizeof value) == 0 ? 0 : errno;
}

// Computed from the values that the socket has now: those given, else the system's. 0 if the kernel does not tell them.
[[gnu::noinline, gnu::cold]] int automatic_value_for(int fd) {
  const int idle = int_option(fd, IPPROTO_TCP, TCP_KEEPIDLE);
  const int interval = int_option(fd, IPPROTO_TCP, TCP_KEEPINTVL);
  const int count = int_option(fd, IPPROTO_TCP, TCP_KEEPCNT);
  return idle > 0 && interval > 0 && count > 0 ? milliseconds_until_dead(idle, interval, count) : 0;
}

[[gnu::noinline, gnu::cold]] int set_automatic_value(int fd, int name, SetSocketOption set_option) {
  const int value = automatic_value_for(fd);
  return value != 0 ? set(fd, IPPROTO_TCP, name, value, set_option) : ENOPROTOOPT;
}

}  // namespace

bool has_keepalive(int fd) { return int_option(fd, SOL_SOCKET, SO_KEEPALIVE) > 0; }

bool governs(const Settings& settings, int level, int name) {
  if (level == SOL_SOCKET) return name == SO_KEEPALIVE;
  if (level != IPPROTO_TCP) return false;
  const std::size_t index = option_index(name);
  return index < options.size() && settings.values[index] != 0;
}

void apply(int fd, const Settings& settings, SetSocketOption set_option, Refusals* refusals) {
  const int saved_errno = errno;
  const int refusal = set(fd, SOL_SOCKET, SO_KEEPALIVE, on, set_option);
  if (refusals != nullptr) refusals->keepalive = refusal;
#pragma GCC unroll 8
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (settings.values[i] != 0) [[likely]] {
      const bool automatic = options[i].automatic && settings.values[i] == automatic_value;
      const int value_refusal = automatic ? set_automatic_value(fd, options[i].number, set_option)
                                          : set(fd, IPPROTO_TCP, options[i].number, settings.values[i], set_option);
      if (refusals != nullptr) refusals->values[i] = value_refusal;
    }
  }
  errno = saved_errno;
}

}  // namespace keepalive
