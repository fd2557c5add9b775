/// @file
/// What happens in each interposed call: the real call, then the decision about its socket. In a header so that
/// they become part of the exported functions and a socket that is not TCP costs a jump.
///
/// Only system calls in here, no allocation, lock or stdio: socket(2) and accept(2) are async-signal-safe
/// (signal-safety(7)). Nothing on the way to a call that is a cancellation point is noexcept.
#pragma once

#include <sys/socket.h>

#include <cerrno>

#include "keepalive/apply.h"
#include "keepalive/tcp.h"
#include "preload/report.h"
#include "preload/state.h"

namespace keepalive::preload {

/// Apart from on_socket(), which is a jump for all other sockets that way.
int make_tcp_socket(int domain, int type, int protocol, const State& state);
int make_other_socket_and_report(int domain, int type, int protocol, const State& state);

inline int on_socket(int domain, int type, int protocol, const State& state) {
  if (is_tcp(domain, type, protocol)) return make_tcp_socket(domain, type, protocol, state);
  if (state.settings.debug) [[unlikely]]
    return make_other_socket_and_report(domain, type, protocol, state);
  return state.next.socket(domain, type, protocol);
}

/// A socket that others have made: the kernel, in accept(2), or the parent process. Linux copies the listener's options
/// to accepted sockets; a listener that was made without this library (by inetd, by socket activation) has none to
/// copy.
/// @param address and `length` of the peer, where the program asked accept(2) for them; null otherwise.
void consider(const char* call, int fd, const sockaddr* address, const socklen_t* length, const State& state);

inline int on_accept(int listener, sockaddr* address, socklen_t* length, const State& state) {
  const int fd = state.next.accept(listener, address, length);
  if (fd >= 0 && state.settings.mode != Mode::off) consider("accept", fd, address, length, state);
  return fd;
}

inline int on_accept4(int listener, sockaddr* address, socklen_t* length, int flags, const State& state) {
  const int fd = state.next.accept4(listener, address, length, flags);
  if (fd >= 0 && state.settings.mode != Mode::off) consider("accept4", fd, address, length, state);
  return fd;
}

/// Under `force`: a socket about to be used that may have been made behind our back (system calls by number,
/// RTLD_DEEPBIND, io_uring).
void prepare(const char* call, int fd, const State& state);

inline int on_connect(int fd, const sockaddr* address, socklen_t length, const State& state) {
  if (state.settings.mode == Mode::force) prepare("connect", fd, state);
  return state.next.connect(fd, address, length);
}

inline int on_listen(int fd, int backlog, const State& state) {
  if (state.settings.mode == Mode::force) prepare("listen", fd, state);
  return state.next.listen(fd, backlog);
}

/// Under `force`: whether the program's setsockopt(2) would undo what the user asked for; if so, it is dealt with.
bool keep_from_changing(int fd, int level, int name, const void* value, socklen_t size, const State& state);

inline int on_setsockopt(int fd, int level, int name, const void* value, socklen_t size, const State& state) {
  if (state.settings.mode == Mode::force && keep_from_changing(fd, level, name, value, size, state)) return 0;
  return state.next.setsockopt(fd, level, name, value, size);
}

}  // namespace keepalive::preload
