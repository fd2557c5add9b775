/// @file
/// What a low limit of descriptors (RLIMIT_NOFILE) leaves to the supervisor.
#pragma once

#include <sys/resource.h>

namespace keepalive::command {

/// Whether there are descriptors for more than one call at a time, and for what is not necessary.
inline bool has_many_descriptors() {
  constexpr rlim_t many = 64;
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= many;
}

}  // namespace keepalive::command
