/// @file
/// What happens in each interposed call: the real call, then the decision about its socket. In a header, so that these
/// functions are inlined into the exported ones and a socket that is not TCP costs a jump.
///
/// Only system calls in here, no allocation, lock or stdio: socket(2) and accept(2) are async-signal-safe
/// (signal-safety(7)). No function on the way to a cancellation point (accept, connect) is noexcept: cancelling
/// the thread there would end the program.
#pragma once

#include <sys/socket.h>

#include <cerrno>

#include "keepalive/apply.h"
#include "keepalive/tcp.h"
#include "preload/report.h"
#include "preload/state.h"

namespace keepalive::preload {

/// Not inlined, so that on_socket() is a single jump for sockets that are not TCP.
int make_tcp_socket(int domain, int type, int protocol, const State& state);
int make_other_socket_and_report(int domain, int type, int protocol, const State& state);

inline int on_socket(int domain, int type, int protocol, const State& state) {
  if (is_tcp(domain, type, protocol)) return make_tcp_socket(domain, type, protocol, state);
  if (state.settings.debug) [[unlikely]]
    return make_other_socket_and_report(domain, type, protocol, state);
  return state.next.socket(domain, type, protocol);
}

/// Gives keepalive to an accepted socket. Under `on` gives only what is not set there. If the program made the
/// listener, Linux has copied the listener's options to the socket, so one system call is enough. A listener from
/// another process may have no options to copy.
/// @param address and `length` of the peer, if the program asked accept(2) for them; null otherwise.
void give_to_accepted(const char* call, int fd, const sockaddr* address, const socklen_t* length, const State& state);

/// Gives a socket that the program was started with what it lacks.
void give_to_inherited(int fd, const State& state);

inline int on_accept(int listener, sockaddr* address, socklen_t* length, const State& state) {
  const int fd = state.next.accept(listener, address, length);
  if (fd >= 0 && state.settings.mode != Mode::off) give_to_accepted("accept", fd, address, length, state);
  return fd;
}

inline int on_accept4(int listener, sockaddr* address, socklen_t* length, int flags, const State& state) {
  const int fd = state.next.accept4(listener, address, length, flags);
  if (fd >= 0 && state.settings.mode != Mode::off) give_to_accepted("accept4", fd, address, length, state);
  return fd;
}

/// Under `force`: gives keepalive to a socket that is about to be used. It may have been made without this library
/// (system calls by number, RTLD_DEEPBIND, io_uring).
void give_before_use(const char* call, int fd, const State& state);

inline int on_connect(int fd, const sockaddr* address, socklen_t length, const State& state) {
  if (state.settings.mode == Mode::force) give_before_use("connect", fd, state);
  return state.next.connect(fd, address, length);
}

inline int on_listen(int fd, int backlog, const State& state) {
  if (state.settings.mode == Mode::force) give_before_use("listen", fd, state);
  return state.next.listen(fd, backlog);
}

/// Under `force` or with KEEPALIVE_DEBUG=1. A change that would undo what the user asked for is not made under `force`,
/// and reported under `on`.
int set_option(int fd, int level, int name, const void* value, socklen_t size, const State& state);

inline int on_setsockopt(int fd, int level, int name, const void* value, socklen_t size, const State& state) {
  if (state.settings.mode == Mode::force || state.settings.debug) [[unlikely]]
    return set_option(fd, level, name, value, size, state);
  return state.next.setsockopt(fd, level, name, value, size);
}

}  // namespace keepalive::preload
