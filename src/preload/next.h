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

/// Looks each function up in the objects that are loaded behind this library (other preload libraries, libc), else in
/// libc. If a function is not there, takes the system call. Needs no memory; changes nothing.
///
/// @param supervised a supervisor stops calls without the mark (keepalive/supervision.h). If both `socket` and
/// `setsockopt` are libc's, they become system calls with the mark. If one of them is another library's, both are
/// called without the mark: that library must see its calls, and the supervisor gives the socket its options.
Next find_next(bool supervised);

}  // namespace keepalive::preload
