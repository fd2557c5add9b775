/// @file
/// A connection that the process was started with.
#pragma once

#include "preload/state.h"

namespace keepalive::preload {

/// inetd (`nowait`) and its like start a program with its connection as standard input: there is no call to interpose.
/// One system call where standard input is no socket, and none of those that strace's `trace=network` shows.
void consider_standard_input(const State& state);

}  // namespace keepalive::preload
