/// @file
/// The seccomp filter of a supervised program: which system calls stop until the supervisor has answered.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

#include "command/supervisor/system_calls.h"
#include "keepalive/settings.h"

namespace keepalive::command {

/// Stops socket(2) if its arguments make a TCP socket and it does not carry the library's mark
/// (keepalive/supervision.h). Under `force` also setsockopt(2) of SO_KEEPALIVE and of the options that have a value,
/// without that mark.
/// The filter can't read the arguments that socketcall(2) has in memory, so it stops those two calls there whatever
/// they are for. All other calls pass.
std::vector<sock_filter> make_filter(const Settings& settings);

/// Whether a filter of make_filter() is on this thread already: such a filter answers a socket(2) call that asks for
/// it.
bool has_filter();

}  // namespace keepalive::command
