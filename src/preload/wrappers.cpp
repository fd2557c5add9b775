#include "preload/wrappers.h"

namespace keepalive::preload {
namespace {

[[gnu::noinline, gnu::cold]] void give_and_report(const char* call, int fd, const State& state) {
  Refusals refusals;
  apply(fd, state.settings, state.next.setsockopt, &refusals);
  report_applied(call, fd, refusals, state);
}

inline void give_keepalive(const char* call, int fd, const State& state) {
  if (state.settings.debug) [[unlikely]] {
    give_and_report(call, fd, state);
  } else {
    apply(fd, state.settings, state.next.setsockopt);
  }
}

}  // namespace

// Flat: what a new TCP socket costs is counted in instructions.
[[gnu::noinline, gnu::flatten]] int make_tcp_socket(int domain, int type, int protocol, const State& state) {
  const int fd = state.next.socket(domain, type, protocol);
  if (fd >= 0 && state.settings.mode != Mode::off) give_keepalive("socket", fd, state);
  return fd;
}

[[gnu::noinline, gnu::cold]] int make_other_socket_and_report(int domain, int type, int protocol, const State& state) {
  const int fd = state.next.socket(domain, type, protocol);
  if (fd >= 0 && state.settings.mode != Mode::off) report_not_tcp("socket", fd, state);
  return fd;
}

void consider(const char* call, int fd, const sockaddr* address, const socklen_t* length, const State& state) {
  const int saved_errno = errno;
  // Not the address itself: the buffer may be too short to hold a family. The length is always the kernel's.
  const bool may_be_tcp = address == nullptr || is_tcp_address_length(*length);
  if (may_be_tcp && state.settings.mode == Mode::on && has_keepalive(fd)) {
    if (state.settings.debug) report_left_on(call, fd, state);
  } else if (may_be_tcp && is_tcp(fd)) {
    give_keepalive(call, fd, state);
  } else if (state.settings.debug) {
    report_not_tcp(call, fd, state);
  }
  errno = saved_errno;
}

void prepare(const char* call, int fd, const State& state) {
  const int saved_errno = errno;
  if (is_tcp(fd)) give_keepalive(call, fd, state);
  errno = saved_errno;
}

bool keep_from_changing(int fd, int level, int name, const void* value, socklen_t size, const State& state) {
  if (!governs(state.settings, level, name)) return false;
  // The kernel answers these two, and descriptors that are no TCP sockets, itself.
  if (value == nullptr || static_cast<int>(size) < static_cast<int>(sizeof(int))) return false;
  const int saved_errno = errno;
  const bool keep = is_tcp(fd);
  if (keep) {
    // The value is not looked at, for only the kernel can follow a wild pointer unharmed: on is what it shall be.
    if (level == SOL_SOCKET) {
      const int on = 1;
      state.next.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    if (state.settings.debug) report_kept("setsockopt", fd, level, name, state);
  }
  errno = saved_errno;
  return keep;
}

}  // namespace keepalive::preload
