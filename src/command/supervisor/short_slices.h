/// @file
/// How soon the kernel's scheduler lets this thread run once it is woken.
#pragma once

#include <atomic>

namespace keepalive::command {

/// Asks for short time slices, for this thread and those that it starts from now on: the scheduler then prefers it when
/// it is woken (Linux 6.12; before that nothing changes). Needs no right, and changes no priority.
/// @param may_ask is false while this function makes the call. If a sandbox kills the worker for this call, it stays
/// false, and the next worker does not ask.
void ask_for_short_slices(std::atomic<bool>& may_ask);

}  // namespace keepalive::command
