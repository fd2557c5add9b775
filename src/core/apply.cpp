#include "keepalive/apply.h"

#include <cerrno>

namespace keepalive {
namespace {

// 0 or the errno of the refusal.
int set(int fd, int level, int name, int value, SetSocketOption set_option) {
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
  const int refusal = set(fd, SOL_SOCKET, SO_KEEPALIVE, 1, set_option);
  if (refusals != nullptr) refusals->keepalive = refusal;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (settings.value[i] == 0) continue;
    const int value_refusal = set(fd, IPPROTO_TCP, options[i].number, settings.value[i], set_option);
    if (refusals != nullptr) refusals->value[i] = value_refusal;
  }
  errno = saved_errno;
}

}  // namespace keepalive
