#include "keepalive/apply.h"

#include <cerrno>

namespace keepalive {
namespace {

constexpr int on = 1;

// 0 or the errno of the refusal.
int set(int fd, int level, int name, const int& value, SetSocketOption set_option) {
  return set_option(fd, level, name, &value, sizeof value) == 0 ? 0 : errno;
}

}  // namespace

bool has_keepalive(int fd) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &size) == 0 && value != 0;
}

void apply(int fd, const Settings& settings, SetSocketOption set_option, Refusals* refusals) {
  const int saved_errno = errno;
  const int refusal = set(fd, SOL_SOCKET, SO_KEEPALIVE, on, set_option);
  if (refusals != nullptr) refusals->keepalive = refusal;
#pragma GCC unroll 8
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (settings.value[i] != 0) [[likely]] {
      const int value_refusal = set(fd, IPPROTO_TCP, options[i].number, settings.value[i], set_option);
      if (refusals != nullptr) refusals->value[i] = value_refusal;
    }
  }
  errno = saved_errno;
}

}  // namespace keepalive
