/// @file
/// What happens in each interposed call: the real call, then the decision about its socket. In a header so that
/// they become part of the exported functions and a socket that is not TCP costs a jump.
///
/// Only system calls in here, no allocation, lock or stdio: socket(2) and accept(2) are async-signal-safe
/// (signal-safety(7)). Nothing on the way to a call that is a cancellation point is noexcept.
#pragma once

#include <sys/socket.h>

#include <cerrno>

#include "debug.h"
#include "keepalive/apply.h"
#include "keepalive/tcp.h"
#include "state.h"

namespace keepalive::preload {

inline void give_keepalive(const State& state, const char* call, int fd) {
  if (!state.settings.debug) [[likely]] {
    apply(fd, state.settings, state.next.setsockopt);
    return;
  }
  Refusals refusals;
  apply(fd, state.settings, state.next.setsockopt, &refusals);
  report_applied(call, fd, state.settings, refusals);
}

inline int on_socket(const State& state, int domain, int type, int protocol) {
  const bool wanted = is_tcp(domain, type, protocol) && state.settings.mode != Mode::off;
  if (!wanted && !state.settings.debug) return state.next.socket(domain, type, protocol);
  const int fd = state.next.socket(domain, type, protocol);
  if (fd < 0) return fd;
  if (wanted) {
    give_keepalive(state, "socket", fd);
  } else if (state.settings.mode != Mode::off) {
    report_not_tcp("socket", fd);
  }
  return fd;
}

/// A socket that accept(2) has returned. Linux copies the listener's options to it; a listener that was made without
/// this library (by inetd, by socket activation) has none to copy.
void consider_accepted(const State& state, const char* call, int fd, const sockaddr* address, const socklen_t* length);

/// @param accept the real call, ready to be made; @param address and `length` as the program gave them.
template <class Accept>
int on_accept(const State& state, const char* call, const sockaddr* address, const socklen_t* length, Accept accept) {
  const int fd = accept();
  if (fd >= 0 && state.settings.mode != Mode::off) consider_accepted(state, call, fd, address, length);
  return fd;
}

/// Under `force`: a socket about to be used that may have been made behind our back (system calls by number,
/// RTLD_DEEPBIND, io_uring).
void prepare(const State& state, const char* call, int fd);

inline int on_connect(const State& state, int fd, const sockaddr* address, socklen_t length) {
  if (state.settings.mode == Mode::force) prepare(state, "connect", fd);
  return state.next.connect(fd, address, length);
}

inline int on_listen(const State& state, int fd, int backlog) {
  if (state.settings.mode == Mode::force) prepare(state, "listen", fd);
  return state.next.listen(fd, backlog);
}

/// Under `force`: whether the program's setsockopt(2) would undo what the user asked for; if so, it is dealt with.
bool keep_from_changing(const State& state, int fd, int level, int name, const void* value, socklen_t size);

inline int on_setsockopt(const State& state, int fd, int level, int name, const void* value, socklen_t size) {
  if (state.settings.mode == Mode::force && keep_from_changing(state, fd, level, name, value, size)) return 0;
  return state.next.setsockopt(fd, level, name, value, size);
}

}  // namespace keepalive::preload
