#include "preload/wrappers.h"

namespace keepalive::preload {
namespace {

[[gnu::noinline, gnu::cold]] void give_and_report(const char* call, int fd, const State& state) {
  Refusals refusals;
  apply(fd, state.settings, state.next.setsockopt, &refusals);
  report_applied(call, fd, state.settings, refusals, state);
}

inline void give_keepalive(const char* call, int fd, const State& state) {
  if (state.settings.debug) [[unlikely]] {
    give_and_report(call, fd, state);
  } else {
    apply(fd, state.settings, state.next.setsockopt);
  }
}

}  // namespace

// Inline everything: the instruction count of this function has a budget (tests/bench).
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

namespace {

// Under `on`: gives the options that the program has not set.
[[gnu::noinline]] void give_missing(const char* call, int fd, const State& state) {
  Given given;
  if (!state.settings.debug) [[likely]] {
    give_if_unset(fd, state.settings, state.next.setsockopt);
  } else if (give_if_unset(fd, state.settings, state.next.setsockopt, &given)) {
    report_applied(call, fd, given.settings, given.refusals, state);
  } else {
    report_left(call, fd, state);
  }
}

void give(const char* call, int fd, Coverage known, const State& state) {
  if (known == Coverage::unclear && !is_tcp(fd)) known = Coverage::not_tcp;
  if (known == Coverage::unclear && state.settings.mode == Mode::force) {
    give_keepalive(call, fd, state);
  } else if (known == Coverage::unclear) {
    give_missing(call, fd, state);
  } else if (state.settings.debug) {
    known == Coverage::complete ? report_left(call, fd, state) : report_not_tcp(call, fd, state);
  }
}

}  // namespace

void give_to_accepted(const char* call, int fd, const sockaddr* address, const socklen_t* length, const State& state) {
  const int saved_errno = errno;
  // Check the length only: the caller's buffer may be too short for the family, but the kernel always stores the full
  // length.
  const bool has_tcp_address = address != nullptr && is_tcp_address_length(*length);
  Coverage known = address == nullptr || has_tcp_address ? Coverage::unclear : Coverage::not_tcp;
  if (known == Coverage::unclear && state.settings.mode == Mode::on) {
    known = coverage(fd, state.settings);
    // If the kernel's MPTCP does not know the option, the answer is `not_tcp`. The length of the address shows that the
    // socket is no UNIX socket, so ask further.
    if (known == Coverage::not_tcp && has_tcp_address) known = Coverage::unclear;
  }
  give(call, fd, known, state);
  errno = saved_errno;
}

// No short cut by coverage(): if the system's values are those that were given, the socket may have them by itself.
void give_to_inherited(int fd, const State& state) {
  const int saved_errno = errno;
  give("inherited", fd, Coverage::unclear, state);
  errno = saved_errno;
}

void give_before_use(const char* call, int fd, const State& state) {
  const int saved_errno = errno;
  if (is_tcp(fd)) give_keepalive(call, fd, state);
  errno = saved_errno;
}

namespace {

// Under `force`: whether the program's setsockopt(2) would undo what the user asked for. If so, the caller only has to
// return 0: this function has made sure that the socket has what the user asked for.
bool keep_from_changing(int fd, int level, int name, const void* value, socklen_t size, const State& state) {
  if (!governs(state.settings, level, name)) return false;
  // Invalid arguments and sockets that are not TCP go to the kernel, which returns the right error.
  if (value == nullptr || static_cast<int>(size) < static_cast<int>(sizeof(int))) return false;
  const int saved_errno = errno;
  const bool keep = is_tcp(fd);
  if (keep) {
    // Do not read *value: the pointer may be invalid, and only the kernel can check that. If the socket was made
    // without this library, it gets keepalive now, because the program's own call does not set anything.
    const bool has_it = level == SOL_SOCKET ? has_keepalive(fd) : has_value(fd, state.settings, option_index(name));
    if (!has_it) give_keepalive("setsockopt", fd, state);
    if (state.settings.debug) report_kept("setsockopt", fd, level, name, state);
  }
  errno = saved_errno;
  return keep;
}

}  // namespace

int set_option(int fd, int level, int name, const void* value, socklen_t size, const State& state) {
  if (state.settings.mode == Mode::force && keep_from_changing(fd, level, name, value, size, state)) return 0;
  const int result = state.next.setsockopt(fd, level, name, value, size);
  if (state.settings.debug && state.settings.mode == Mode::on && result == 0) report_own(fd, level, name, state);
  return result;
}

}  // namespace keepalive::preload
