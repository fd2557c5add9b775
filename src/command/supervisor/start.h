/// @file
/// Puts a supervisor beside this process. The process itself keeps its place: it executes the program afterwards.
#pragma once

#include "keepalive/settings.h"

namespace keepalive::command {

enum class Start : unsigned char {
  started,
  under_ours,  ///< a supervisor of keepalive stands above already; its values hold
};

/// Starts the supervisor, a child process that wait(2) does not show, and puts the filter on this process, which should
/// then execute the program. Gives the sockets that are open already what they lack first.
/// Throws Error (status_cannot_run), with the reason and what helps, if the kernel or a sandbox does not allow it.
/// @param verbose a line on standard error for each decision.
Start start_supervisor(const Settings& settings, bool verbose);

}  // namespace keepalive::command
