/// @file
/// The seccomp filter of a supervised program: which system calls stop until the supervisor has answered.
#pragma once

#include <linux/filter.h>

#include <vector>

#include "keepalive/settings.h"

namespace keepalive::command {

/// These calls stop:
/// - socket(2), if its arguments make a TCP socket;
/// - under `force` also setsockopt(2) of SO_KEEPALIVE and of the options that have a value;
/// - socketcall(2) if it stands for one of these two, with any arguments: they are in memory, which a filter cannot
///   read.
/// socket(2) and setsockopt(2) pass if they carry the library's mark (keepalive/supervision.h). All other calls pass.
std::vector<sock_filter> make_filter(const Settings& settings);

/// Whether this thread has a filter of make_filter() already. Asks with a socket(2) call that only such a filter
/// answers.
bool has_filter();

/// Whether the supervisor of that filter gives keepalive to sockets that this process makes. It does not follow into
/// another network namespace, for example.
bool is_served();

}  // namespace keepalive::command
