/// @file
/// The functions that the program would call without this library.
#pragma once

#include <sys/socket.h>

namespace keepalive::preload {

/// The types come from the declarations, so that a wrong signature cannot compile. Never null, never this library's own
/// functions.
struct Next {
  decltype(&::socket) socket;
  decltype(&::accept) accept;
  decltype(&::accept4) accept4;
  decltype(&::setsockopt) setsockopt;
  decltype(&::connect) connect;
  decltype(&::listen) listen;
};

/// @param supervised a supervisor stops calls without the mark (keepalive/supervision.h): if libc's functions are the
/// next ones, `socket` and `setsockopt` are system calls with the mark. Another library's function is called as always:
/// that library must not lose its call, and the supervisor gives the socket its options.
///
/// Looks all of them up: in the objects loaded behind this library (other preload libraries, libc), else in libc. If
/// there is none, the function is the system call. Needs no memory; changes nothing.
Next find_next(bool supervised);

}  // namespace keepalive::preload
