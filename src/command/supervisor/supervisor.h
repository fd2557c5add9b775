/// @file
/// The supervisor's two processes. The worker answers the stopped calls. The guard waits. If the worker is killed, the
/// guard finishes the calls that the worker had in hand and starts another worker, so that the program sees no error.
#pragma once

#include <sys/types.h>

#include <string>

#include "command/supervisor/calls_in_hand.h"
#include "command/supervisor/channel.h"
#include "command/supervisor/notification.h"
#include "keepalive/settings.h"

namespace keepalive::command {

/// Memory for what guard and worker share. Null if there is none.
SharedState* make_shared_state();

/// The process that was started first.
struct SupervisedProgram {
  pid_t pid;
  std::string description;  ///< for ps(1): PID and name, which tell something also when only its children go on
};

/// This process becomes the guard, and ends with the last process that has the filter. All signals are blocked.
/// @param channel where StartResult::serving is sent once guard and worker are there.
[[noreturn]] void supervise(const Notifications& notifications, SharedState& state, const Settings& settings,
                            const SupervisedProgram& program, bool verbose, Channel channel);

}  // namespace keepalive::command
