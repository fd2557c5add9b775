/// @file
/// The functions that would have been called without this library.
#pragma once

#include <sys/socket.h>

namespace keepalive::preload {

/// The types come from the declarations, so that a wrong signature cannot compile. Never null.
struct Next {
  decltype(&::socket) socket;
  decltype(&::accept) accept;
  decltype(&::accept4) accept4;
  decltype(&::setsockopt) setsockopt;
  decltype(&::connect) connect;
  decltype(&::listen) listen;
};

/// Looks all of them up (dlsym with RTLD_NEXT).
Next find_next();

}  // namespace keepalive::preload
