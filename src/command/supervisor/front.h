/// @file
/// The process that stands in the program's place, for a shell, a terminal or a service manager to deal with.
#pragma once

#include <sys/types.h>

#include "keepalive/descriptor.h"

namespace keepalive::command {

/// Passes signals on to the program, stops and goes on when it does, and ends as it ends.
/// All signals are blocked when this is called.
/// @param channel on which the supervisor tells of the program's changes.
[[noreturn]] void do_as(pid_t program, pid_t supervisor, const Descriptor& channel);

}  // namespace keepalive::command
