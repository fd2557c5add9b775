/// @file
/// Running a program under the supervisor. Three processes: the front is this one, and does as the program does; its
/// child is the supervisor, in a process group of its own, so that no key on the terminal stops it; and the
/// supervisor's child is the program, which leaves it within the supervisor's rights (Yama's ptrace_scope 1).
#pragma once

#include "command/program/execute.h"
#include "keepalive/settings.h"

namespace keepalive::command {

/// Runs it under the supervisor and ends as it ends: with its exit status, or by the signal that ended it. Where there
/// is a supervisor above already it is executed under that, in place of this process. Throws Error where the kernel
/// does not allow that (status_cannot_run), or the program can't be executed.
[[noreturn]] void run_supervised(const Program& program, const Settings& settings, bool verbose);

}  // namespace keepalive::command
